import { recentMessages } from "./recent.js";
import { serveFiles } from "./web.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("sccluster").AGServer<App>} Server */

const CHANNEL = "chat";

/**
 * The application: `scc worker app.js` calls this once, before its port opens.
 *
 * @param {object} worker
 * @param {Server} worker.server where clients are connected
 * @param {import("node:http").Server} worker.http the HTTP server of the same port
 * @param {Server["exchange"]} worker.exchange this process's own way to publish and subscribe
 */
export default function app({ server, http, exchange }) {
  const recent = recentMessages(exchange, CHANNEL);
  http.on("request", serveFiles);
  server.setMiddleware(server.MIDDLEWARE_INBOUND, decide);
  answerEverybody(server, recent);
  // Called at shutdown, after the clients have been sent elsewhere.
  return () => exchange.unsubscribe(CHANNEL);
}

/**
 * Decides about everything that one client sends, in the order in which it comes.
 *
 * @param {AsyncIterable<import("sccluster").AGAction<App>>} actions
 */
async function decide(actions) {
  for await (const action of actions) {
    const { type, channel, data } = action;
    const concernsChannel = type === action.SUBSCRIBE || type === action.PUBLISH_IN;
    if (concernsChannel && channel !== CHANNEL) {
      action.block(refusal("UnknownChannelError", `There is no channel "${channel}"`));
    } else if (type !== action.PUBLISH_IN) {
      action.allow();
    } else if (isNewMessage(data)) {
      action.allow({ data: { from: data.from, text: data.text, at: Date.now() } });
    } else {
      action.block(refusal("BadMessageError", "A message has a sender and a text, both short"));
    }
  }
}

/**
 * @param {Server} server
 * @param {() => Message[]} recent
 */
async function answerEverybody(server, recent) {
  for await (const { socket } of server.listener("connection")) answer(socket, recent);
}

/**
 * Clients call this with `socket.invoke("recent")`.
 *
 * @param {import("sccluster").AGServerSocket<App>} socket
 * @param {() => Message[]} recent
 */
async function answer(socket, recent) {
  for await (const request of socket.procedure("recent")) request.end(recent());
}

/**
 * What clients send can be anything.
 *
 * @param {any} data
 * @returns {data is import("./types.js").NewMessage}
 */
function isNewMessage(data) {
  return isShortText(data?.from, 30) && isShortText(data?.text, 1000);
}

/**
 * @param {unknown} value
 * @param {number} most characters
 */
function isShortText(value, most) {
  return typeof value === "string" && value.trim() !== "" && value.length <= most;
}

/**
 * Clients get the name and the message of an error.
 *
 * @param {string} name
 * @param {string} message
 */
function refusal(name, message) {
  return Object.assign(new Error(message), { name });
}
