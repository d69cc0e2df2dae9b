import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type Client, connect, subscribe } from "../../../test/support/client.ts";
import { until } from "../../../test/support/processes.ts";
import { systemClock } from "../../runtime/clock.ts";
import { silentLogger } from "../../runtime/log.ts";
import type { MemberConnection } from "../member-connection.ts";
import type { StateService } from "../service.ts";
import type { StateObserver } from "../state-observer.ts";
import { Dashboard } from "./dashboard.ts";

interface Said {
  readonly type: string;
  readonly tails?: readonly string[];
}

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A dashboard with members that a test plays. */
async function stage(authKey?: string) {
  let observer: StateObserver | undefined;
  const service = {
    observedBy: (given: StateObserver) => {
      observer = given;
    },
  } as unknown as StateService;
  const dashboard = new Dashboard(service, {
    stateId: "s",
    authKeys: [authKey, undefined],
    clock: systemClock,
    log: silentLogger,
  });
  const server = createServer();
  servers.push(server);
  server.on("upgrade", (request, socket, head) => void dashboard.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const join = (n: number, isUpstream = false): { said: Said[]; connection: MemberConnection } => {
    const said: Said[] = [];
    const connection: MemberConnection = {
      member: { instanceId: `i${n}`, uri: `ws://10.0.0.${n}:8000`, role: "worker", isUpstream },
      left: false,
      send: (message) => void said.push(message),
      close: () => {},
    };
    observer?.registered(connection);
    return { said, connection };
  };
  const look = (): Promise<Client> => connect(port, { path: "/dashboard/socket/", autoReconnect: false });
  return { dashboard, port, join, look, observer: () => observer };
}

const types = (said: readonly Said[]): string[] => said.map(({ type }) => type);

describe("The dashboard", () => {
  it("asks members for reports from the first viewer to the last, and newcomers too", async () => {
    const { dashboard, join, look } = await stage();
    const early = join(1);
    const [first, second] = [await look(), await look()];
    expect([dashboard.isWatched, types(early.said)]).toEqual([false, []]);

    await subscribe(first, "cluster");
    await subscribe(second, "cluster");
    expect(types(early.said)).toEqual(["watch"]);
    expect(types(join(2).said)).toEqual(["watch"]);
    expect(types(join(3, true).said)).toEqual([]);

    first.disconnect();
    second.unsubscribe("cluster");
    await until("nobody looks", () => !dashboard.isWatched);
    expect(types(early.said)).toEqual(["watch", "unwatch"]);
    expect(types(join(4).said)).toEqual([]);
  });

  it("asks for the messages of channels that are followed, eight at most, and no longer", async () => {
    const { join, look } = await stage();
    const { said } = join(1);
    const viewers = await Promise.all(Array.from({ length: 9 }, look));
    for (const viewer of viewers) await subscribe(viewer, "cluster");
    for (const [n, viewer] of viewers.slice(0, 8).entries()) await subscribe(viewer, `tail:channel ${n}`);
    expect(said.at(-1)?.tails).toHaveLength(8);

    const [first, ...others] = viewers as [Client, ...Client[]];
    const last = others.at(-1) as Client;
    last.subscribe("tail:one too many");
    expect(String((await last.listener("subscribeFail").once(5000)).error)).toContain("Cannot follow");
    first.unsubscribe("tail:channel 0");
    await until("it is no longer asked for", () => said.at(-1)?.tails?.length === 7);
    expect(said.at(-1)?.tails).not.toContain("channel 0");
  });

  it("tells a newcomer at once how things are, and everybody what happens", async () => {
    const { join, look, observer } = await stage();
    const { connection } = join(1);
    const viewer = await look();
    const [pictures, happened] = [await subscribe(viewer, "cluster"), await subscribe(viewer, "events")];
    await until("the first picture", () => pictures.length > 0 && happened.length > 0);
    expect(pictures[0]).toMatchObject({ members: [{ name: "10.0.0.1:8000", state: "serving" }] });

    observer()?.gone(connection, "silence");
    await until("the news", () => happened.length > 1);
    expect(happened.at(-1)).toMatchObject([{ kind: "bad", text: "worker 10.0.0.1:8000 is gone: silence" }]);
  });

  it("lets no crowd that has not logged in drive out somebody else who is about to", async () => {
    const { port, look } = await stage("key");
    const viewer = await look();
    const url = `ws://127.0.0.1:${port}/dashboard/socket/`;
    const crowd: WebSocket[] = [];
    for (let n = 0; n < 100; n += 1) {
      const one = new WebSocket(url, { localAddress: "127.0.0.2" });
      crowd.push(one);
      await new Promise((resolve) => {
        one.on("error", resolve).on("message", resolve);
        one.on("open", () => one.send('{"event":"#handshake","data":{},"cid":1}'));
      });
    }

    expect(viewer.state).toBe("open");
    expect(await viewer.invoke("login", { key: "key" })).toMatchObject({ mayRead: true });
    for (const one of crowd) one.terminate();
  });
});
