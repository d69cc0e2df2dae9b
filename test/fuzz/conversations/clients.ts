import type { Random } from "../../simulation/random.ts";
import { channel, handshake, packet } from "./packets.ts";

/** Values that are said one after the other, each as JSON. */
export type Conversation = readonly unknown[];

/** What a client says to a worker. */
export function clientSays(random: Random): Conversation {
  const token = random.pick([null, "a.b.c", "eyJhbGciOiJub25lIn0.e30."]);
  const first = random.chance(0.95) ? [{ ...handshake, data: { authToken: token } }] : [];
  const rest = Array.from({ length: random.whole(3, 15) }, (_, n) =>
    random.chance(0.1)
      ? Array.from({ length: random.pick([2, 10, 100]) }, (_, m) => packet(random, 100 * n + m))
      : packet(random, n + 2),
  );
  return [...first, ...rest];
}

/** What a worker of upstream's says to a broker. */
export function upstreamSaysToBroker(random: Random): Conversation {
  const says = (cid: number): object => {
    const name = channel(random);
    const messages = Array.from({ length: random.pick([0, 1, 1, 3, 100]) }, (_, n) => ({ n }));
    const sender = random.pick([null, `worker-${random.whole(0, 20)}`]);
    return random.pick([
      () => ({ event: "#subscribe", data: { channel: name }, cid }),
      () => ({ event: "#unsubscribe", data: name, cid }),
      () => ({ event: "#publish", data: { channel: name, data: { sender, messages } }, cid }),
      () => ({ event: "#publish", data: { channel: name, data: { sender, messages } }, cid }),
      () => packet(random, cid),
    ])();
  };
  return [handshake, ...Array.from({ length: random.whole(3, 15) }, (_, n) => says(n + 2))];
}

/** What a process of upstream's says to scc-state. */
export function upstreamSaysToState(random: Random): Conversation {
  const says = (cid: number): object => {
    const data = {
      instanceId: random.chance(0.8) ? random.uuid() : null,
      instanceIp: random.pick([undefined, null, "127.0.0.1", "::1", "example.invalid", "0"]),
      instanceIpFamily: random.pick([undefined, "IPv4", "IPv6"]),
      instanceSecure: random.chance(0.2),
    };
    return random.pick([
      () => ({ event: "sccWorkerJoinCluster", data, cid }),
      () => ({ event: "sccWorkerJoinCluster", data, cid }),
      () => ({ event: "sccBrokerJoinCluster", data, cid }),
      () => ({ event: "sccWorkerLeaveCluster", data, cid }),
      () => packet(random, cid),
    ])();
  };
  return [handshake, ...Array.from({ length: random.whole(2, 8) }, (_, n) => says(n + 2))];
}

/** What a page says to scc-state. @param key the cluster's, or what is thought to be */
export function viewerSays(random: Random, key: string | undefined): Conversation {
  const says = (cid: number): object =>
    random.pick([
      () => ({ event: "access", cid }),
      () => ({ event: "login", data: { key: random.chance(0.5) ? key : "guess" }, cid }),
      () => ({ event: "#subscribe", data: { channel: random.pick(["cluster", "events"]) }, cid }),
      () => ({ event: "#subscribe", data: { channel: `tail:${channel(random)}` }, cid }),
      () => ({ event: "#unsubscribe", data: random.pick(["cluster", "events"]), cid }),
      () => packet(random, cid),
    ])();
  return [handshake, ...Array.from({ length: random.whole(2, 10) }, (_, n) => says(n + 2))];
}
