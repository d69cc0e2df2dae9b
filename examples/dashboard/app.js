import { sampler } from "./samples.js";
import { serveFiles } from "./web.js";

const CHANNEL = "metrics";
const PACE = { least: 50, usual: 1000, most: 60_000 };

/**
 * Every worker publishes how it is doing; whoever watches sees them all, on whichever worker they are.
 *
 * @param {{ server: import("sccluster").AGServer, http: import("node:http").Server, exchange: import("sccluster").Exchange }} worker
 */
export default function dashboard({ server, http, exchange }) {
  const sample = sampler(server);
  let paceMs = PACE.usual;
  let timer = setInterval(publish, paceMs);

  function publish() {
    // Nobody waits for it, so it need not be acknowledged: the next one follows.
    exchange.transmitPublish(CHANNEL, { ...sample(), paceMs });
  }

  function setPace(ms) {
    paceMs = ms;
    clearInterval(timer);
    timer = setInterval(publish, paceMs);
    publish();
  }

  http.on("request", serveFiles);
  server.setMiddleware(server.MIDDLEWARE_INBOUND, decide);
  serveSockets(server, { worker: sample().worker, setPace });
  return () => clearInterval(timer);
}

/** Watching is for everybody, publishing for nobody but the workers. */
async function decide(actions) {
  for await (const action of actions) {
    if (action.type === action.PUBLISH_IN) action.block(refusal("ReadOnlyError", "Only workers publish"));
    else if (action.type === action.SUBSCRIBE && action.channel !== CHANNEL) {
      action.block(refusal("UnknownChannelError", `There is only "${CHANNEL}"`));
    } else action.allow();
  }
}

async function serveSockets(server, worker) {
  for await (const { socket } of server.listener("connection")) {
    answerFacts(socket, worker);
    answerPace(socket, worker);
  }
}

/** `socket.invoke("facts")`: what does not change. */
async function answerFacts(socket, { worker }) {
  for await (const request of socket.procedure("facts")) {
    request.end({ worker, node: process.version, startedAt: Math.round(performance.timeOrigin) });
  }
}

/** `socket.invoke("pace", 200)`: how often the worker that the client is connected to publishes, in ms. */
async function answerPace(socket, { setPace }) {
  for await (const request of socket.procedure("pace")) {
    const ms = request.data;
    if (!Number.isInteger(ms) || ms < PACE.least || ms > PACE.most) {
      request.error(refusal("BadPaceError", `A pace is a number from ${PACE.least} to ${PACE.most}`));
      continue;
    }
    setPace(ms);
    request.end(ms);
  }
}

/** Clients get the name and the message of an error. */
function refusal(name, message) {
  return Object.assign(new Error(message), { name });
}
