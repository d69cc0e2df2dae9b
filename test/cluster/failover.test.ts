import { describe, expect, it } from "vitest";
import { Cluster, type Service, until } from "../support/processes.ts";
import { Traffic } from "../support/traffic.ts";

/** scc-state, so many brokers in one ring, two workers, and traffic on them. */
async function running(count: number) {
  const cluster = await Cluster.create();
  const state = await cluster.state().ready();
  const brokers: Service[] = [];
  for (let n = 0; n < count; n++) brokers.push(await cluster.broker());
  const workers = [await cluster.worker(), await cluster.worker()];
  await Promise.all([...brokers, ...workers].map((service) => service.ready()));
  const traffic = new Traffic();
  await traffic.start(...workers);
  return { cluster, state, brokers, workers, traffic };
}

/** Waits until a process has logged that it adopted a ring of so many brokers after it logged so much. */
async function knowsRingOf(service: Service, count: number): Promise<void> {
  await until(`${service.name} knows a ring of ${count}`, () => {
    const rings = service.log.filter(({ msg }) => msg === "ring adopted");
    return rings.at(-1)?.brokers === count;
  });
}

describe("Nothing that was acknowledged is lost, doubled or reordered", { timeout: 60_000 }, () => {
  it("when brokers join", async () => {
    const { cluster, brokers, traffic } = await running(1);
    for (let count = 2; count <= 3; count++) {
      const newcomer = await cluster.broker();
      await newcomer.ready();
      await knowsRingOf(brokers[0]!, count);
      await traffic.flows(300);
    }

    await traffic.proveWhole();
  });

  it("when brokers leave, down to the last one, which end with exit code 0", async () => {
    const { brokers, traffic } = await running(3);
    for (const leaver of brokers.slice(1)) {
      expect(await leaver.stop("SIGTERM")).toBe(0);
      await traffic.flows(300);
    }

    await knowsRingOf(brokers[0]!, 1);
    await traffic.proveWhole();
  });

  it("when one of three brokers is killed, and comes back", async () => {
    const { cluster, brokers, traffic } = await running(3);
    await brokers[0]!.stop("SIGKILL");
    await knowsRingOf(brokers[1]!, 2);
    await traffic.flows(300);
    const back = await cluster.broker({ SCC_BROKER_SERVER_PORT: brokers[0]!.port });
    await back.ready();
    await traffic.flows(300);

    await traffic.proveWhole();
  });

  it("when the only broker is killed, and another is started", async () => {
    const { cluster, brokers, workers, traffic } = await running(1);
    await until("a worker keeps copies", () => workers.some(({ output }) => output.includes("keeps copies")));
    await traffic.flows(100);
    await brokers[0]!.stop("SIGKILL");
    const next = await cluster.broker({ SCC_BROKER_SERVER_PORT: brokers[0]!.port });
    await next.ready();
    await traffic.flows(300);

    await traffic.proveWhole();
  });

  it("when a broker stands still until others have its channels, and wakes up", async () => {
    const { brokers, traffic } = await running(3);
    brokers[0]!.process.kill("SIGSTOP");
    await knowsRingOf(brokers[1]!, 2);
    await traffic.flows(200);
    brokers[0]!.process.kill("SIGCONT");
    await knowsRingOf(brokers[1]!, 3);
    await traffic.flows(200);

    await traffic.proveWhole();
  });

  it("when scc-state is killed in the middle of a change, and another takes over", async () => {
    const { cluster, state, brokers, traffic } = await running(2);
    const newcomer = await cluster.broker();
    await newcomer.printed("registered with scc-state");
    await state.stop("SIGKILL");
    await traffic.flows(200);
    await cluster.state().ready();
    await newcomer.ready();
    await knowsRingOf(brokers[0]!, 3);
    await traffic.flows(200);

    await traffic.proveWhole();
  });
});
