// A worker of upstream's, made of its packages as they are installed where it is started: they are no part of ours.
// Arguments: the port to listen on, host and port of scc-state.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

interface SocketClusterServer {
  attach(http: object): { readonly brokerEngine: object };
}

interface BrokerClient {
  attach(brokerEngine: object, options: object): Cluster;
}

interface Cluster {
  listener(event: "updateBrokers"): AsyncIterable<{ readonly brokerURIs: readonly string[] }>;
}

const [port, stateHost, statePort] = process.argv.slice(2);
const load = createRequire(join(process.cwd(), "package.json"));
const server = load("socketcluster-server") as SocketClusterServer;
const brokerClient = load("scc-broker-client") as BrokerClient;

process.on("disconnect", () => process.exit(1));
const http = createServer((_request, response) => response.end("OK"));
const cluster = brokerClient.attach(server.attach(http).brokerEngine, {
  instanceId: randomUUID(),
  instancePort: Number(port),
  stateServerHost: stateHost,
  stateServerPort: Number(statePort),
  brokerRetryDelay: 200,
  stateServerReconnectRandomness: 100,
});
http.listen(Number(port));
for await (const { brokerURIs } of cluster.listener("updateBrokers"))
  process.stdout.write(`brokers: ${brokerURIs.join(" ")}\n`);
