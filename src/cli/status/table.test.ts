import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { addressOf } from "./flags.ts";
import { isComplete, isHealthy, type Member, type Picture, pictureSchema } from "./picture.ts";
import { renderCluster } from "./table.ts";

const member = (more: Partial<Member> = {}): Member => ({
  id: "b",
  name: "10.0.0.1:8888",
  role: "broker",
  isUpstream: false,
  state: "in ring",
  accused: [],
  cpu: 0.25,
  rssBytes: 2 ** 27,
  share: 1,
  numbers: { channels: 1234 },
  perSecond: { messages: 56_789 },
  ...more,
});

const picture = (more: Partial<Picture> = {}): Picture => ({
  at: 0,
  release: "1.0.0",
  state: { id: "s", since: 0 },
  ring: { counter: 3, stateId: "s", placement: "rendezvous", settled: true },
  members: [member(), member({ id: "w", role: "worker", name: "10.0.0.2:8000", state: "serving" })],
  unlisted: 0,
  totals: { connections: 7, subscriptions: 8, channels: 9, publishes: 10, deliveries: 11, latencyP50: 1.25 },
  hot: [{ channel: "news", perSecond: 12.5, ownerId: "b" }],
  ...more,
});

const PLAIN = { width: 200, height: Infinity, colours: false };

describe("The cluster in the terminal", () => {
  it("shows ring, rates, members and hottest channels, without an escape code where there is no terminal", () => {
    const text = renderCluster(picture(), PLAIN).join("\n");

    expect(text).toContain("ring 3, settled, rendezvous");
    expect(text).toMatch(/10\.0\.0\.1:8888 +broker +in ring +100 % +1,234 +56,789 +25 % +128 MB/);
    expect(text).toContain("news  10.0.0.1:8888");
    expect(stripVTControlCharacters(text)).toBe(text);
  });

  it.each([100, 60, 30, 12])("fits into %s columns", (width) => {
    const lines = renderCluster(picture(), { ...PLAIN, width });

    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
  });

  it("shows those in trouble where there is not room for all", () => {
    const members = Array.from({ length: 100 }, (_, n) => member({ id: `b${n}`, name: `broker-${n}` }));
    members.push(member({ id: "x", name: "broker-x", state: "gone" }));
    const lines = renderCluster(picture({ members }), { ...PLAIN, height: 20 });

    expect(lines).toHaveLength(20);
    expect(lines.join("\n")).toMatch(/broker-x[\s\S]*and \d+ more/);
  });

  it("lets no command for the terminal through that comes in a name", () => {
    const hot = [{ channel: "\x1b]0;owned\x07\u202etxt", perSecond: 1, ownerId: "b" }];
    const text = renderCluster(picture({ hot, members: [member({ name: "\x1b[2Jx" })] }), PLAIN).join("\n");

    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
  });
});

describe("What a picture says", () => {
  it("is healthy when the ring has settled and all are where they should be", () => {
    expect(isHealthy(picture())).toBe(true);
    expect(isHealthy(picture({ members: [] }))).toBe(false);
    expect(isHealthy(picture({ ring: { ...picture().ring, settled: false } }))).toBe(false);
    expect(isHealthy(picture({ members: [member(), member({ id: "a", state: "away" })] }))).toBe(false);
    expect(isHealthy(picture({ members: [member(), member({ id: "g", state: "gone" })] }))).toBe(true);
  });

  it("is complete when all have reported twice, but for those that cannot", () => {
    const { cpu: _, ...unknown } = member();
    expect(isComplete(picture({ members: [member(), unknown] }))).toBe(false);
    expect(isComplete(picture({ members: [{ ...unknown, isUpstream: true }] }))).toBe(true);
  });

  it("is read with what another release adds, and refused without what is needed", () => {
    expect(pictureSchema.safeParse({ ...picture(), more: 1 }).success).toBe(true);
    expect(pictureSchema.safeParse({ ...picture(), ring: undefined }).success).toBe(false);
  });
});

describe("Where scc-state is", () => {
  it.each([
    [{}, {}, "localhost", 7777, false],
    [{}, { SCC_STATE_SERVER_HOST: "10.0.0.7", SCC_STATE_SERVER_PORT: "7000" }, "10.0.0.7", 7000, false],
    [{ stateServerHost: "fd00::7" }, { SCC_STATE_SERVER_HOST: "10.0.0.7" }, "[fd00::7]", 7777, false],
    [{ url: "wss://state.example.com" }, {}, "state.example.com", 443, true],
    [{ url: "http://[::1]:7000" }, {}, "[::1]", 7000, false],
  ])("%j and %j: %s, port %s", (flags, env, hostname, port, secure) => {
    expect(addressOf(flags, env)).toMatchObject({ hostname, port, secure });
  });

  it.each(["localhost", "ftp://x", "ws://user:pass@x", "ws://x/?authKey=secret"])("refuses %s", (url) => {
    expect(() => addressOf({ url }, {})).toThrow(/--url/);
  });
});
