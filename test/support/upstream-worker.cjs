// An unmodified worker of upstream's: socketcluster-server joined to a cluster by scc-broker-client.
const http = require("node:http");
const { randomUUID } = require("node:crypto");
const socketClusterServer = require("socketcluster-server");
const sccBrokerClient = require("scc-broker-client");

const port = Number(process.env.PORT);
const httpServer = http.createServer((_request, response) => response.end("OK"));
const server = socketClusterServer.attach(httpServer);
const cluster = sccBrokerClient.attach(server.brokerEngine, {
  instanceId: randomUUID(),
  instancePort: port,
  stateServerHost: process.env.STATE_HOST ?? "127.0.0.1",
  stateServerPort: Number(process.env.STATE_PORT),
  authKey: process.env.AUTH_KEY,
  mappingEngine: process.env.MAPPING_ENGINE,
  brokerRetryDelay: 200,
  stateServerReconnectRandomness: 100,
});
(async () => {
  for await (const { error } of cluster.listener("error")) process.stdout.write(`error: ${error.message}\n`);
})();
(async () => {
  for await (const { brokerURIs } of cluster.listener("updateBrokers"))
    process.stdout.write(`brokers: ${brokerURIs}\n`);
})();
(async () => {
  for await (const { workerURIs, sourceWorkerURI } of cluster.listener("updateWorkers")) {
    process.stdout.write(`workers: ${[...workerURIs].sort()} source: ${sourceWorkerURI}\n`);
  }
})();
httpServer.listen(port);
