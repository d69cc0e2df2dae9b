import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../runtime/errors.ts";
import { ourSystem } from "./ours.ts";
import { fill, parseSystem } from "./template.ts";

const PLACES = {
  name: "broker-2",
  host: "127.0.0.1",
  port: "1",
  announcedHost: "127.0.0.1",
  announcedPort: "2",
  stateHost: "127.0.0.1",
  statePort: "3",
};

function system(change: object = {}): object {
  const ready = { tcp: true };
  const processes = ["state", "broker", "worker"].map((role) => ({
    role,
    argv: ["node", `${role}.js`],
    ready,
  }));
  return { name: "mine", processes, ...change };
}

describe("A system's file", () => {
  it("needs no more than how three processes are started", () => {
    const { name, settle, processes } = parseSystem(system(), "mine.json");

    expect([name, settle]).toEqual(["mine", 0]);
    expect(processes[1]).toEqual({
      role: "broker",
      argv: ["node", "broker.js"],
      env: {},
      ready: { tcp: true },
    });
  });

  it.each([
    [
      "no worker",
      { processes: [{ role: "state", argv: ["x"], ready: { tcp: true } }] },
      /no process has the role worker/,
    ],
    ["an unknown field", { more: 1 }, /more/],
    [
      "an unknown role",
      { processes: [{ role: "db", argv: ["x"], ready: { tcp: true } }] },
      /processes\.0\.role/,
    ],
    [
      "nothing to start",
      { processes: [{ role: "state", argv: [], ready: { tcp: true } }] },
      /processes\.0\.argv/,
    ],
  ])("is refused with %s, and says where", (_what, change, message) => {
    expect(() => parseSystem(system(change), "mine.json")).toThrow(ConfigError);
    expect(() => parseSystem(system(change), "mine.json")).toThrow(message);
  });

  it("is refused with a placeholder that means nothing, or a role that is there twice", () => {
    const ready = { http: "/health-check" };
    const worker = { role: "worker", argv: ["node", "{prot}"], ready };
    const { processes } = system() as { processes: object[] };

    expect(() => parseSystem(system({ processes: [...processes, worker] }), "mine.json")).toThrow(
      /worker is there twice[\s\S]*\{prot\} is no placeholder/,
    );
  });

  it("puts values where placeholders stand, and leaves other braces alone", () => {
    expect(fill("{host}:{port} {statePort} {announcedPort} {}", PLACES)).toBe("127.0.0.1:1 3 2 {}");
  });
});

describe("Our own system", () => {
  it("has brokers listen at one port and announce another, which is the proxy's", () => {
    const broker = ourSystem("main.js", {}).processes.find(({ role }) => role === "broker");

    expect(broker?.env).toMatchObject({
      SCC_BROKER_SERVER_PORT: "{port}",
      SCC_INSTANCE_PORT: "{announcedPort}",
      SCC_STATE_SERVER_PORT: "{statePort}",
    });
  });

  it("gets the user's settings, but not those that say where it is, nor anything of somebody else's", () => {
    const env = {
      SCC_PUBLISH_LEVEL: "worker",
      SCC_STATE_SERVER_PORT: "7777",
      HOME: "/root",
      SCC_AUTH_KEY: "",
    };
    const worker = ourSystem("main.js", env).processes.find(({ role }) => role === "worker");

    expect(worker?.env).toMatchObject({ SCC_PUBLISH_LEVEL: "worker", SCC_STATE_SERVER_PORT: "{statePort}" });
    expect(Object.keys(worker?.env ?? {})).not.toContain("HOME");
    expect(Object.keys(worker?.env ?? {})).not.toContain("SCC_AUTH_KEY");
  });
});
