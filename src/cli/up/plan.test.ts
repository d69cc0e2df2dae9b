import { describe, expect, it } from "vitest";
import { ConfigError } from "../../runtime/errors.ts";
import { pageUrl, planCluster, portNeeds, reachable, type Wishes } from "./plan.ts";

const wishes: Wishes = { workers: 2, brokers: 2, host: undefined, module: undefined };

describe("planCluster", () => {
  it("lays out scc-state, two brokers and two workers on their usual ports, metrics 1000 above", () => {
    const plans = planCluster(wishes, {});

    expect(plans.map(({ service, port, metricsPort }) => [service, port, metricsPort])).toEqual([
      ["scc-state", 7777, 8777],
      ["scc-broker", 8888, 9888],
      ["scc-broker", 8889, 9889],
      ["scc-worker", 8000, 9000],
      ["scc-worker", 8001, 9001],
    ]);
  });

  it("counts up from the ports that variables set", () => {
    const plans = planCluster(wishes, {
      SCC_STATE_SERVER_PORT: "7000",
      SCC_BROKER_SERVER_PORT: "7100",
      SOCKETCLUSTER_PORT: "7200",
      SCC_METRICS_PORT: "7300",
    });

    expect(plans.map(({ port }) => port)).toEqual([7000, 7100, 7101, 7200, 7201]);
    expect(plans.map(({ metricsPort }) => metricsPort)).toEqual([7300, 7301, 7302, 7303, 7304]);
  });

  it("tells every service its own ports, and the members where scc-state is", () => {
    const worker = planCluster(wishes, { SCC_STATE_SERVER_PORT: "6000" }).at(-1);

    expect(worker?.env).toMatchObject({
      SOCKETCLUSTER_PORT: "8001",
      SCC_METRICS_PORT: "9001",
      SCC_STATE_SERVER_HOST: "127.0.0.1",
      SCC_STATE_SERVER_PORT: "6000",
    });
  });

  it("serves no metrics where they are turned off", () => {
    const plans = planCluster(wishes, { SCC_METRICS_PORT: "0" });

    expect(plans.map(({ env }) => env.SCC_METRICS_PORT)).toEqual(["0", "0", "0", "0", "0"]);
    expect(portNeeds(plans).map(({ port }) => port)).toEqual([7777, 8888, 8889, 8000, 8001]);
  });

  it.each([
    [undefined, "127.0.0.1", "127.0.0.1"],
    ["192.168.1.7", "192.168.1.7", "192.168.1.7"],
    ["0.0.0.0", "0.0.0.0", "127.0.0.1"],
    ["::", "::", "::1"],
    ["::1", "::1", "::1"],
  ])("with host %s listens on %s and announces %s", (host, listens, announced) => {
    const [state] = planCluster({ ...wishes, host }, {});

    expect(state?.env).toMatchObject({ SCC_HOST: listens, SCC_INSTANCE_IP: announced });
    expect(state?.address).toBe(reachable(listens));
  });

  it("prefers --host to SCC_HOST, and SCC_HOST to loopback", () => {
    const env = { SCC_HOST: "::1" };

    expect(planCluster({ ...wishes, host: "127.0.0.2" }, env)[0]?.env.SCC_HOST).toBe("127.0.0.2");
    expect(planCluster(wishes, env)[0]?.env.SCC_HOST).toBe("::1");
  });

  it("shortens delays meant for real clusters, unless the environment sets them", () => {
    const [shortened] = planCluster(wishes, { SCC_DRAIN_MS: "" });
    const [kept] = planCluster(wishes, { SCC_STATE_SERVER_STARTUP_DELAY: "3000", SCC_DRAIN_MS: "0" });

    expect(shortened?.env).toMatchObject({ SCC_STATE_SERVER_STARTUP_DELAY: "1000", SCC_DRAIN_MS: "5000" });
    expect(kept?.env).toMatchObject({ SCC_STATE_SERVER_STARTUP_DELAY: "3000", SCC_DRAIN_MS: "0" });
  });

  it("knows which services speak TLS", () => {
    const plans = planCluster(wishes, { SCC_STATE_SERVER_SECURE: "yes", SCC_BROKER_SERVER_SECURE: "0" });

    expect(plans.map(({ secure }) => secure)).toEqual([true, false, false, false, false]);
  });

  it("does not let an announced port stand for all services", () => {
    const plans = planCluster(wishes, { SCC_INSTANCE_PORT: "9999" });

    expect(plans.every(({ env }) => !("SCC_INSTANCE_PORT" in env))).toBe(true);
  });

  it("hands a module to the workers alone", () => {
    const plans = planCluster({ ...wishes, module: "app.js" }, {});

    expect(plans.map(({ args }) => args.join(" "))).toEqual([
      "state",
      "broker",
      "broker",
      "worker app.js",
      "worker app.js",
    ]);
  });

  it("refuses ports that are none, all at once", () => {
    const env = { SCC_STATE_SERVER_PORT: "x", SOCKETCLUSTER_PORT: "70000" };

    expect(() => planCluster(wishes, env)).toThrow(ConfigError);
    expect(() => planCluster(wishes, env)).toThrow(
      /SCC_STATE_SERVER_PORT="x"[\s\S]*SOCKETCLUSTER_PORT="70000"/,
    );
  });

  it("refuses a plan in which two services need one port, and names both variables", () => {
    expect(() => planCluster(wishes, { SCC_BROKER_SERVER_PORT: "8001" })).toThrow(
      /port 8001 would be needed twice, for scc-broker \(SCC_BROKER_SERVER_PORT\) and scc-worker \(SOCKETCLUSTER_PORT\)/,
    );
  });

  it("refuses to count beyond the last port", () => {
    expect(() => planCluster(wishes, { SOCKETCLUSTER_PORT: "65535" })).toThrow(
      /port 65536 for scc-worker does not exist/,
    );
  });
});

describe("pageUrl", () => {
  it.each([
    ["127.0.0.1", "http://localhost:8000"],
    ["::1", "http://[::1]:8000"],
    ["10.0.0.7", "http://10.0.0.7:8000"],
  ])("of a worker on %s is %s", (address, url) => {
    expect(pageUrl({ address, port: 8000 })).toBe(url);
  });
});
