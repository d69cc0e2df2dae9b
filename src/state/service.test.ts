import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { NO_RING, type Ring } from "../cluster/ring/ring.ts";
import { faults } from "../runtime/contain.ts";
import { silentLogger } from "../runtime/log.ts";
import { NobodyThereError } from "./probe.ts";
import { StateService } from "./service.ts";
import { joinState, type Message, uuid } from "./test-member.ts";

/** scc-state with talks that a test plays. @param answers who answers at an address; undefined: nobody listens */
function stage(answers: (uri: string) => string | undefined) {
  const clock = new VirtualClock();
  const service = new StateService({
    stateId: "s",
    delays: { startup: 0, scaleOut: 100, scaleBack: 1000 },
    upstreamPlacement: "skeletonRendezvous",
    retryDelay: 10,
    forwardedForHeader: undefined,
    clock,
    log: silentLogger,
    probe: async (uri) => {
      const answer = answers(uri);
      if (answer === undefined) throw new NobodyThereError(uri);
      return answer;
    },
  });
  const join = (n: number, type: "scc-broker" | "scc-worker", more?: object) =>
    joinState(service, n, type, more);
  /** Lets time go by, and what was asked of other processes be answered. */
  const pass = async (ms: number): Promise<void> => {
    for (let gone = 0; gone < ms; gone += 10) {
      clock.advance(10);
      await new Promise(setImmediate);
    }
  };
  return { service, join, pass };
}

const uris = ({ service }: ReturnType<typeof stage>): string[] => service.ring.brokers.map(({ uri }) => uri);

/** scc-state with two brokers in its ring. */
async function twoBrokers() {
  const state = stage((uri) => uuid(Number(uri.split(":").at(-1))));
  const [first, second] = [state.join(1, "scc-broker"), state.join(2, "scc-broker")];
  first.say({ type: "linked", brokers: [uuid(2)] });
  await state.pass(200);
  expect(uris(state)).toHaveLength(2);
  return { state, first, second, ring: state.service.ring };
}

describe("A fault while scc-state asks at an address", () => {
  const before = faults.told;
  afterEach(() => {
    faults.told = before;
  });

  it("ends the talk of the broker that it was about, and nothing else", async () => {
    const told: string[] = [];
    faults.told = (reader, error) => told.push(`${reader}: ${(error as Error).message}`);
    const state = stage(() => "another");
    const broker = state.join(1, "scc-broker");
    broker.said.push = (...[message]: Message[]) => {
      if (message?.type === "refused") throw new Error("a bug");
      return 0;
    };
    await state.pass(200);

    expect(told).toEqual(["member: a bug"]);
    expect(state.service.memberCount("broker")).toBe(0);
    expect(state.join(2, "scc-worker").said).toContainEqual(expect.objectContaining({ type: "welcome" }));
  });
});

describe("scc-state", () => {
  it("lets a broker in that answers as itself, and tells everybody", async () => {
    const state = stage((uri) => uuid(Number(uri.split(":").at(-1))));
    const worker = state.join(9, "scc-worker");
    state.join(1, "scc-broker");
    await state.pass(200);

    expect(uris(state)).toEqual(["ws://10.0.0.1:1"]);
    expect(worker.said.at(-1)).toMatchObject({ type: "ring", ring: { version: { counter: 1 } } });
  });

  it("lets a broker in though many came from its address before it, and have gone", async () => {
    const state = stage((uri) => uuid(Number(uri.split(":").at(-1))));
    for (let n = 100; n < 1100; n++) state.join(n, "scc-broker").lose();
    state.join(1, "scc-broker");
    await state.pass(1000);

    expect(uris(state)).toEqual(["ws://10.0.0.1:1"]);
  });

  it("does not let a broker back in that was left out and has not heard of it", async () => {
    const { state, first, second, ring } = await twoBrokers();
    first.say({ type: "settled", version: ring.version });
    second.say({ type: "settled", version: ring.version });
    for (const n of [8, 9]) state.join(n, "scc-worker", { accused: [uuid(2)] });
    second.lose();
    await state.pass(20);
    expect(uris(state)).toEqual(["ws://10.0.0.1:1"]);

    first.say({ type: "settled", version: state.service.ring.version });
    first.say({ type: "linked", brokers: [uuid(2), uuid(3)] });
    const again = state.join(2, "scc-broker", { ring });
    expect(again.said).toContainEqual(expect.objectContaining({ type: "welcome", ring: state.service.ring }));
    state.join(3, "scc-broker");
    await state.pass(500);
    expect(uris(state)).toEqual(["ws://10.0.0.1:1", "ws://10.0.0.1:3"]);
  });

  it("lets a broker in again that had heard of a newer ring before it was let in", async () => {
    const { state, first, second, ring } = await twoBrokers();
    const newer: Ring = {
      ...ring,
      version: { counter: ring.version.counter, stateId: "t" },
      brokers: ring.brokers.slice(0, 1),
    };
    first.say({ type: "ring", ring: newer });
    second.say({ type: "ring", ring: newer });
    expect(uris(state)).toEqual(["ws://10.0.0.1:1"]);
    first.say({ type: "settled", version: newer.version });
    await state.pass(500);
    expect(uris(state)).toEqual(["ws://10.0.0.1:1", "ws://10.0.0.1:2"]);
  });

  it("refuses one that does not, and lets it in when it does later", async () => {
    let isUp = false;
    const state = stage((uri) => (isUp ? uuid(Number(uri.split(":").at(-1))) : undefined));
    const refused = state.join(1, "scc-broker");
    await state.pass(100);
    expect(refused.said.at(-1)).toMatchObject({ type: "refused" });

    isUp = true;
    state.join(1, "scc-broker");
    await state.pass(200);
    expect(uris(state)).toEqual(["ws://10.0.0.1:1"]);
  });

  it("tells those who are here of a newer ring that a newcomer brings", async () => {
    const state = stage(() => uuid(1));
    const first = state.join(8, "scc-worker");
    const ring = {
      ...NO_RING,
      version: { counter: 7, stateId: "x" },
      brokers: [{ uri: "ws://10.0.0.1:1", instanceId: uuid(1) }],
    };
    state.join(9, "scc-worker", { ring });

    // One of the next rings may name a worker that keeps copies for the only broker.
    expect(first.said).toContainEqual({ type: "ring", ring });
  });

  it("looks for brokers of a ring that never came to it, and replaces those that are gone", async () => {
    const state = stage((uri) => (uri.endsWith(":1") ? undefined : uuid(Number(uri.split(":").at(-1)))));
    const ring = {
      ...NO_RING,
      version: { counter: 7, stateId: "x" },
      brokers: [{ uri: "ws://10.0.0.1:1", instanceId: uuid(1) }],
    };
    state.join(9, "scc-worker", { ring, accused: [uuid(1)] });
    state.join(2, "scc-broker");
    await state.pass(5000);

    expect(uris(state)).toEqual(["ws://10.0.0.1:2"]);
  });

  it("knows every process of a worker, also where several share a port, and tells of the port once", () => {
    const state = stage(() => undefined);
    const port = { instanceIp: "10.0.0.2" };
    const first = state.join(8, "scc-worker", { ...port, workers: true });
    const second = state.join(8, "scc-worker", { ...port, instanceId: uuid(7) });

    expect(state.service.memberCount("worker")).toBe(2);
    expect(first.said.at(-1)).toEqual({ type: "workers", uris: ["ws://10.0.0.2:8"] });
    second.lose();
    expect(state.service.memberCount("worker")).toBe(1);
    expect(first.said.at(-1)).toEqual({ type: "workers", uris: ["ws://10.0.0.2:8"] });
  });

  it("tells a worker that alone cannot use a broker so, until another cannot either, or it can again", () => {
    const state = stage(() => undefined);
    const ring = {
      ...NO_RING,
      version: { counter: 7, stateId: "x" },
      brokers: [
        { uri: "ws://10.0.0.1:1", instanceId: uuid(1) },
        { uri: "ws://10.0.0.2:2", instanceId: uuid(2) },
      ],
    };
    const alone = (...brokers: string[]) => ({ type: "alone", brokers });
    const first = state.join(8, "scc-worker", { ring, accused: [uuid(1)], instanceIp: "10.0.0.8" });
    expect(first.said.map(({ type }) => type)).not.toContain("alone"); // there is no other worker to compare it with
    const second = state.join(9, "scc-worker", { ring, instanceIp: "10.0.0.9" });
    expect(first.said.at(-1)).toEqual(alone(uuid(1)));
    second.say({ type: "accuse", accused: [uuid(2), uuid(1)] });
    expect(first.said).toContainEqual(alone());
    expect(second.said).toContainEqual(alone(uuid(2)));
    first.say({ type: "accuse", accused: [] });

    expect(second.said.at(-1)).toEqual(alone(uuid(1), uuid(2)));
  });

  it("tells who only looks what there is, and does not take it for a member", () => {
    const state = stage(() => undefined);
    state.join(8, "scc-worker", { instanceIp: "10.0.0.8" });
    const looks = state.join(9, "scc-worker", { type: "observe" });

    expect(looks.said).toMatchObject([
      {
        ...{ type: "overview", stateId: "s", ring: NO_RING, waiting: 0 },
        members: [{ instanceId: uuid(8), uri: "ws://10.0.0.8:8", role: "worker" }],
      },
    ]);
    expect(state.service.memberCount("worker")).toBe(1);
    looks.lose();
    expect(state.service.memberCount("worker")).toBe(1);
  });

  it("takes nobody any more once it stops", async () => {
    const state = stage(() => uuid(1));
    state.service.close();
    const late = state.join(9, "scc-worker");

    expect(late.said).toEqual([]);
    expect(state.service.memberCount("worker")).toBe(0);
  });

  it("takes no ring that cannot have grown out of its own, and parts with who brings one", async () => {
    const { state, first, ring } = await twoBrokers();
    const far = { ...ring, version: { ...ring.version, counter: ring.version.counter + 2 ** 20 + 1 } };
    const { said } = state.join(3, "scc-worker", { ring: far });
    first.say({ type: "ring", ring: far });

    const refusal = { type: "refused", reason: expect.stringContaining("changes ahead") };
    expect(said).toEqual([refusal]);
    expect(first.said.at(-1)).toMatchObject(refusal);
    expect(state.service.ring).toEqual(ring);
  });
});
