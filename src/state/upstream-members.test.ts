import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { silentLogger } from "../runtime/log.ts";
import type { Connection } from "../server/connection.ts";
import { StateService } from "./service.ts";
import { joinState, uuid } from "./test-member.ts";

const SCALE_OUT_MS = 100;
/** As long as upstream's workers may take to connect to the brokers of the first ring, ms. */
const CONNECT_MS = 10_000;

/** scc-state without its server, with members that a test plays. */
function stage() {
  const clock = new VirtualClock();
  const service = new StateService({
    stateId: "s",
    delays: { startup: 0, scaleOut: SCALE_OUT_MS, scaleBack: 1000 },
    upstreamPlacement: "skeletonRendezvous",
    retryDelay: 10,
    forwardedForHeader: "X-From",
    clock,
    log: silentLogger,
    probe: async (uri) => uuid(Number(uri.split(":").at(-1))),
  });
  const member = (n: number, type: "scc-broker" | "scc-worker", more?: object) =>
    joinState(service, n, type, more);
  const upstream = (n: number, remoteAddress = "10.0.0.2") => upstreamWorker(service, n, remoteAddress);
  const pass = async (ms: number): Promise<void> => {
    for (let gone = 0; gone < ms; gone += 10) {
      clock.advance(10);
      await new Promise(setImmediate);
    }
  };
  /** A broker in a ring that is settled, as broker 1. */
  const broker = async () => {
    const one = member(1, "scc-broker");
    await pass(200);
    one.say({ type: "settled", version: service.ring.version });
    one.say({ type: "upstream", connections: 0 });
    return one;
  };
  return { service, clock, member, upstream, broker, pass, placement: () => service.ring.placement };
}

/** One of upstream's workers at scc-state, and all it was told. */
function upstreamWorker(service: StateService, n: number, remoteAddress: string) {
  const answers: unknown[] = [];
  const calls: unknown[] = [];
  const url = `/socketcluster/?instanceType=scc-worker&instancePort=${n}&version=9.2.0`;
  const connection = {
    request: { url, headers: { "x-from": remoteAddress }, socket: { remoteAddress: "10.9.9.9" } },
    answer: (_id: number, data: unknown) => void answers.push(data),
    answerError: (_id: number, { message }: Error) => void answers.push(message),
    invoke: async (event: string, data: unknown) => void calls.push([event, data]),
    close: () => {},
    report: () => {},
  } as unknown as Connection;
  const member = service.acceptUpstream(connection);
  const join = (): void => {
    const request = { connection, id: 1, procedure: "sccWorkerJoinCluster", answered: false };
    member.invoked({ ...request, data: { instanceId: `u${n}` } });
  };
  join();
  return { answers, calls, join, lose: () => service.upstreamClosed(member, "lost") };
}

const FULL =
  "Cannot register now: too many of upstream's workers have registered and are not connected with the brokers";
const BROKERS = { sccBrokerURIs: ["ws://10.0.0.1:1"] };

describe("An upstream worker at scc-state", () => {
  it("is told the brokers at once, and the ring follows when one of them has a connection of it", async () => {
    const { upstream, broker, placement, pass, service } = stage();
    const one = await broker();
    const { answers } = upstream(7);
    await pass(5000);
    expect([answers, placement()]).toEqual([[expect.objectContaining(BROKERS)], "rendezvous"]);

    one.say({ type: "upstream", connections: 1 });
    expect(placement()).toBe("skeletonRendezvous");
    const second = upstream(8);
    expect(second.answers).toEqual([]);
    one.say({ type: "settled", version: service.ring.version });
    expect(second.answers).toEqual([expect.objectContaining(BROKERS)]);
  });

  it("leaves the ring to our placement when no broker has a connection of it any more", async () => {
    const { upstream, broker, placement, pass, service } = stage();
    const one = await broker();
    upstream(7);
    one.say({ type: "upstream", connections: 1 });
    one.say({ type: "settled", version: service.ring.version });
    await pass(5000);
    expect(placement()).toBe("skeletonRendezvous");

    one.say({ type: "upstream", connections: 0 });
    await pass(SCALE_OUT_MS + 10);
    expect(placement()).toBe("rendezvous");
  });

  it("finds the first ring as it places, if it came before there was one, and has time to connect", async () => {
    const { upstream, member, placement, pass, service } = stage();
    const { answers } = upstream(7);
    const one = member(1, "scc-broker");
    one.say({ type: "upstream", connections: 0 });
    await pass(200);
    expect(placement()).toBe("skeletonRendezvous");
    one.say({ type: "settled", version: service.ring.version });
    expect(answers).toEqual([expect.objectContaining(BROKERS)]);

    await pass(CONNECT_MS - 1000);
    expect(placement()).toBe("skeletonRendezvous");
    await pass(2000);
    expect(placement()).toBe("rendezvous");
  });

  it("is not believed before a broker has said what connections it has", async () => {
    const { upstream, member, placement, pass } = stage();
    const one = member(1, "scc-broker");
    await pass(200);
    one.say({ type: "settled", version: { counter: 1, stateId: "s" } });
    upstream(7);
    await pass(200);
    expect(placement()).toBe("rendezvous");

    one.say({ type: "upstream", connections: 1 });
    await pass(200);
    expect(placement()).toBe("skeletonRendezvous");
  });

  it("is not told again what it was told a moment ago", async () => {
    const { upstream, broker, pass } = stage();
    await broker();
    const { answers, join } = upstream(7);
    for (let n = 0; n < 100; n++) join();
    expect(new Set(answers.slice(1))).toEqual(
      new Set(["Cannot register again: it is registered, and was told so a moment ago"]),
    );

    await pass(1000);
    join();
    expect(answers.at(-1)).toMatchObject(BROKERS);
  });
});

describe("False upstream workers at scc-state", () => {
  it("do not change the placement, and are few; real ones from elsewhere still come", async () => {
    const { upstream, broker, placement, pass } = stage();
    const one = await broker();
    const all = Array.from({ length: 400 }, (_, n) => upstream(100 + n));
    const isRefused = ({ answers }: { answers: unknown[] }): boolean => answers[0] === FULL;
    await pass(5000);

    expect(all.filter((each) => !isRefused(each))).toHaveLength(25);
    expect(placement()).toBe("rendezvous");
    const real = upstream(7, "10.0.0.7");
    expect(real.answers).toEqual([expect.objectContaining(BROKERS)]);
    one.say({ type: "upstream", connections: 60 });
    const late = Array.from({ length: 100 }, (_, n) => upstream(1000 + n, `10.0.1.${n}`));
    expect(late.filter((each) => !isRefused(each))).toHaveLength(60 + 50 - 26);
    all[0]?.lose();
    expect(isRefused(upstream(2000, "10.0.2.1"))).toBe(false);
  });

  it("cause each other no list of all of them for each that comes", async () => {
    const { upstream, broker, pass, service } = stage();
    const one = await broker();
    one.say({ type: "upstream", connections: 400 });
    const all = Array.from({ length: 400 }, (_, n) => upstream(100 + n));
    one.say({ type: "settled", version: service.ring.version });
    await pass(20_000);

    const calls = all.flatMap((each) => each.calls) as [string, { sccWorkerURIs: string[] }][];
    expect(calls.length).toBeLessThanOrEqual(2 * 400);
    expect(calls.at(-1)?.[0]).toBe("sccWorkerJoinCluster");
    expect(calls.at(-1)?.[1].sccWorkerURIs).toHaveLength(400);
  });
});

describe("Members of ours at scc-state", () => {
  it("who want to know of workers are told at once when they come, and of further changes together", async () => {
    const { member, pass } = stage();
    const first = member(1, "scc-worker", { workers: true });
    const lists = (): number[] =>
      first.said.filter(({ type }) => type === "workers").map(({ uris }) => (uris as string[]).length);
    expect(lists()).toEqual([1]);
    const second = member(2, "scc-worker", { workers: true });
    for (let n = 3; n < 50; n++) member(n, "scc-worker");
    expect(second.said.find(({ type }) => type === "workers")?.uris).toHaveLength(2);
    await pass(1000);

    expect(lists()).toEqual([1, 49]);
  });

  it("are 5000 at most", () => {
    const { member, service } = stage();
    for (let n = 1; n <= 5000; n++) member(n, "scc-worker");
    const late = member(5001, "scc-worker");

    expect(late.said).toEqual([
      { type: "refused", reason: "Cannot register: 5000 members are here already" },
    ]);
    expect(service.memberCount("worker")).toBe(5000);
  });
});
