import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import eetase from "eetase";
import express from "express";
import sccBrokerClient from "scc-broker-client";
import socketClusterServer from "socketcluster-server";

const { env } = process;
const PORT = Number(env.SOCKETCLUSTER_PORT) || 8000;
const LOG_LEVEL = Number(env.SOCKETCLUSTER_LOG_LEVEL ?? 2);

const httpServer = eetase(createServer());
const agServer = socketClusterServer.attach(httpServer, JSON.parse(env.SOCKETCLUSTER_OPTIONS ?? "{}"));

const expressApp = express();
expressApp.get("/health-check", (_request, response) => response.send("OK"));

// HTTP requests.
(async () => {
  for await (const requestData of httpServer.listener("request")) expressApp.apply(null, requestData);
})();

agServer.setMiddleware(agServer.MIDDLEWARE_INBOUND, async (middlewareStream) => {
  for await (const action of middlewareStream) {
    if (action.type === action.PUBLISH_IN && action.channel === "announcements") {
      const error = new Error("Only the server makes announcements");
      error.name = "ReadOnlyError";
      action.block(error);
      continue;
    }
    action.allow();
  }
});

// Connections.
(async () => {
  for await (const { socket } of agServer.listener("connection")) {
    (async () => {
      for await (const request of socket.procedure("echo")) request.end(request.data);
    })();
    (async () => {
      for await (const text of socket.receiver("announce")) {
        agServer.exchange.transmitPublish("announcements", { text, id: socket.id });
      }
    })();
  }
})();

httpServer.listen(PORT);

if (LOG_LEVEL >= 1) {
  (async () => {
    for await (const { error } of agServer.listener("error")) console.error(error);
  })();
}

if (LOG_LEVEL >= 2) {
  console.log(`SocketCluster worker with PID ${process.pid} is listening on port ${PORT}`);
  (async () => {
    for await (const { warning } of agServer.listener("warning")) console.warn(warning);
  })();
}

if (env.SCC_STATE_SERVER_HOST) {
  const sccClient = sccBrokerClient.attach(agServer.brokerEngine, {
    instanceId: randomUUID(),
    instancePort: PORT,
    instanceIp: env.SCC_INSTANCE_IP || null,
    instanceIpFamily: env.SCC_INSTANCE_IP_FAMILY || null,
    pubSubBatchDuration: Number(env.SCC_PUB_SUB_BATCH_DURATION) || null,
    stateServerHost: env.SCC_STATE_SERVER_HOST,
    stateServerPort: Number(env.SCC_STATE_SERVER_PORT) || null,
    mappingEngine: env.SCC_MAPPING_ENGINE || null,
    clientPoolSize: Number(env.SCC_CLIENT_POOL_SIZE) || null,
    authKey: env.SCC_AUTH_KEY || null,
    stateServerConnectTimeout: Number(env.SCC_STATE_SERVER_CONNECT_TIMEOUT) || null,
    stateServerAckTimeout: Number(env.SCC_STATE_SERVER_ACK_TIMEOUT) || null,
    stateServerReconnectRandomness: Number(env.SCC_STATE_SERVER_RECONNECT_RANDOMNESS) || null,
    brokerRetryDelay: Number(env.SCC_BROKER_RETRY_DELAY) || null,
  });

  if (LOG_LEVEL >= 1) {
    (async () => {
      for await (const { error } of sccClient.listener("error")) {
        error.name = "SCCError";
        console.error(error);
      }
    })();
  }
}
