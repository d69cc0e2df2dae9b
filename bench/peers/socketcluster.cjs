// The official server as its documentation sets it up, without middleware. What it says of errors is passed on.
const http = require("node:http");
const packageOf = require("./package-of.cjs");

const eetase = packageOf("eetase");
const socketClusterServer = packageOf("socketcluster-server");

const { PORT, AUTH_KEY } = process.env;
const server = eetase(http.createServer());
const agServer = socketClusterServer.attach(server, AUTH_KEY === undefined ? {} : { authKey: AUTH_KEY });

/** Connections are taken, as an application would. */
async function connections() {
  for await (const { socket } of agServer.listener("connection")) void socket;
}

async function report(event, field) {
  for await (const value of agServer.listener(event))
    process.stderr.write(`${event}: ${value[field].message}\n`);
}

connections();
report("error", "error");
report("warning", "warning");
server.listen(Number(PORT), "127.0.0.1");
