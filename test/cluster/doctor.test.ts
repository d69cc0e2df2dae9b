import { describe, expect, it } from "vitest";
import { Cluster, freePort, Service, until } from "../support/processes.ts";

interface Finding {
  readonly subject: string;
  readonly status: "ok" | "warning" | "failure";
  readonly text: string;
  readonly remedy?: string;
}

const KEY = "a-key-nobody-may-read";

/** Runs the doctor to its end. */
async function examined(
  env: Readonly<Record<string, string | number>>,
  args: readonly string[] = ["--json"],
) {
  const service = new Service(
    "scc doctor",
    ["doctor", ...args],
    { SCC_STATE_SERVER_HOST: "127.0.0.1", ...env },
    0,
  );
  await until("it has looked", () => !service.running);
  const { exitCode } = service.process;
  const findings: Finding[] = args.includes("--json") ? JSON.parse(service.output).findings : [];
  const failures = findings.filter(({ status }) => status === "failure");
  return { exitCode, output: service.output, findings, failures };
}

describe("scc doctor", () => {
  it("finds a cluster well, names every member, shows no key, and is no member itself", async () => {
    const cluster = await Cluster.create({ SCC_AUTH_KEY: KEY });
    const state = cluster.state();
    const brokers = [await cluster.broker(), await cluster.broker()];
    const worker = await cluster.worker();
    await Promise.all([...brokers, worker].map((service) => service.ready()));
    const env = { SCC_STATE_SERVER_PORT: cluster.statePort, SCC_AUTH_KEY: KEY };
    await until("it is settled", async () =>
      (await examined(env)).findings.every(({ text }) => !text.includes("being settled")),
    );
    const { exitCode, failures, findings, output } = await examined(env);

    expect(failures).toEqual([]);
    expect(exitCode).toBe(0);
    const subjects = findings.map(({ subject }) => subject);
    for (const { port } of brokers) expect(subjects).toContain(`broker ws://127.0.0.1:${port}`);
    expect(subjects).toContain(`worker ws://127.0.0.1:${worker.port}`);
    expect(findings.find(({ subject }) => subject === "releases")?.status).toBe("ok");
    expect(output).not.toContain(KEY);
    expect(state.log.filter(({ msg }) => msg === "member registered")).toHaveLength(3);

    const lines = await examined(env, []);
    expect(lines.output).toMatch(new RegExp(`^ok: worker ws://127.0.0.1:${worker.port}: ready$`, "m"));
    expect(lines.output).not.toContain("\u001b");
  });

  it("says what keeps it from scc-state: nobody there, the key, a name that is none", async () => {
    const cluster = await Cluster.create({ SCC_AUTH_KEY: KEY });
    await cluster.state().ready();
    const nobody = await examined({ SCC_STATE_SERVER_PORT: await freePort() });
    const keyless = await examined({ SCC_STATE_SERVER_PORT: cluster.statePort });
    const nameless = await examined({ SCC_STATE_SERVER_HOST: "no-such-host.invalid" });

    expect(nobody.failures).toMatchObject([{ remedy: expect.stringContaining("see that scc-state runs") }]);
    expect(keyless.failures).toMatchObject([{ remedy: expect.stringContaining("set SCC_AUTH_KEY") }]);
    expect(nameless.failures[0]).toMatchObject({ subject: "name no-such-host.invalid" });
    expect([nobody, keyless, nameless].map(({ exitCode }) => exitCode)).toEqual([1, 1, 1]);
  });

  it("finds the broker that nobody listens for any more, and the worker that is not ready for it", async () => {
    const cluster = await Cluster.create();
    cluster.state();
    const broker = await cluster.broker();
    const worker = await cluster.worker();
    await Promise.all([broker, worker].map((service) => service.ready()));
    await broker.stop("SIGKILL");
    await until("the worker has seen it", async () => (await worker.probe()).status === 503);
    const { failures, exitCode } = await examined({ SCC_STATE_SERVER_PORT: cluster.statePort });

    expect(failures).toMatchObject([
      {
        subject: `broker ws://127.0.0.1:${broker.port}`,
        text: expect.stringContaining("nobody listens there"),
      },
      { subject: `worker ws://127.0.0.1:${worker.port}`, text: expect.stringContaining("no link to broker") },
    ]);
    expect(exitCode).toBe(1);
  });
});
