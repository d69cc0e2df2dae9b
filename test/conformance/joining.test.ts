import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { connect, subscribe } from "../support/client.ts";
import { Cluster, freePort, Service, until } from "../support/processes.ts";

const OURS = fileURLToPath(new URL("ours.cjs", import.meta.url));
const SERVER = fileURLToPath(new URL("../support/upstream-worker.cjs", import.meta.url));

/** A server.js as it was written for upstream's packages, unedited, on ours. */
async function applicationOn({ statePort }: Cluster, env = {}): Promise<Service> {
  const port = await freePort();
  return new Service("server.js", [], { PORT: port, STATE_PORT: statePort, ...env }, port, [
    "--require",
    OURS,
    SERVER,
  ]);
}

describe("A server that was made for upstream's cluster", () => {
  it("joins ours by the same call, and keeps its promises", async () => {
    const cluster = await Cluster.create();
    cluster.state();
    const brokers = await Promise.all([cluster.broker(), cluster.broker()]);
    const worker = await cluster.worker();
    const application = await applicationOn(cluster);
    await Promise.all([...brokers, worker].map((service) => service.ready()));
    await application.printed("brokers: ws");
    const uris = [worker, application].map(({ port }) => `ws://127.0.0.1:${port}`).toSorted();
    await application.printed(`workers: ${uris.join()} source: ws://127.0.0.1:${application.port}\n`);
    const [there, here] = await Promise.all([connect(worker.port), connect(application.port)]);

    const inboxes = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        Promise.all([subscribe(there, `news-${n}`), subscribe(here, `news-${n}`)]),
      ),
    );
    for (const n of inboxes.keys()) {
      await here.invokePublish(`news-${n}`, "from the application");
      await there.invokePublish(`news-${n}`, "from the worker");
    }

    await until("all have arrived", () => inboxes.flat().every(({ length }) => length === 2));
    expect(inboxes.flat()).toEqual(Array(40).fill(["from the application", "from the worker"]));
  });

  it("hears of its clients' subscriptions and serves them when the cluster comes after them", async () => {
    const cluster = await Cluster.create();
    const application = await applicationOn(cluster);
    await application.ready(); // it answers "OK" to everything
    const client = await connect(application.port);
    // Nobody can acknowledge yet: the subscription waits, up to its limit.
    const subscribed = subscribe(client, "early");
    await application.printed("cannot reach scc-state");
    cluster.state();
    const broker = await cluster.broker();
    const worker = await cluster.worker();
    await Promise.all([broker, worker].map((service) => service.ready()));
    const inbox = await subscribed;

    await (await connect(worker.port)).invokePublish("early", 1);

    await until("it has arrived", () => inbox.length > 0);
    expect(inbox).toEqual([1]);
  });

  it("may keep upstream's broker client, which finds in our broker engine all that it uses", async () => {
    const cluster = await Cluster.create();
    cluster.state();
    const broker = await cluster.broker();
    const worker = await cluster.worker();
    const application = await applicationOn(cluster, { KEEP_BROKER_CLIENT: 1 });
    await Promise.all([broker, worker].map((service) => service.ready()));
    await application.printed("brokers: ws");
    const [there, here] = await Promise.all([connect(worker.port), connect(application.port)]);
    const inboxes = await Promise.all([subscribe(there, "news"), subscribe(here, "news")]);
    // Upstream's acknowledges before the cluster knows of a subscription.
    await until("the application hears the worker", async () => {
      await there.invokePublish("news", "from the worker");
      return inboxes[1].includes("from the worker");
    });

    await here.invokePublish("news", "from the application");

    await until("the worker hears the application", () => inboxes[0].includes("from the application"));
    expect(inboxes[1].filter((data) => data === "from the application")).toHaveLength(1);
  });
});
