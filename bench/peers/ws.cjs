// The `ws` package as most applications use it: a publication is encoded once, and sent to each subscriber.
const packageOf = require("./package-of.cjs");
const { PING, PING_EVERY_MS, acknowledgement, publication, welcome } = require("./packets.cjs");

const { WebSocketServer } = packageOf("ws");

const server = new WebSocketServer({
  port: Number(process.env.PORT),
  host: "127.0.0.1",
  perMessageDeflate: false,
});
/** Subscribers by channel. */
const channels = new Map();

server.on("connection", (socket) => {
  const subscriptions = new Set();
  socket.on("message", (bytes) => {
    if (bytes.length > 0) receive(socket, subscriptions, JSON.parse(bytes.toString()));
  });
  socket.on("close", () => {
    for (const channel of subscriptions) leave(channel, socket);
  });
  // "close" follows, and is all that is to be done about it.
  socket.on("error", () => {});
});

function receive(socket, subscriptions, { event, data, cid }) {
  if (event === "#handshake") {
    socket.send(welcome(cid));
  } else if (event === "#subscribe") {
    subscriptions.add(data.channel);
    join(data.channel, socket);
    socket.send(acknowledgement(cid));
  } else if (event === "#publish") {
    const text = publication(data);
    for (const subscriber of channels.get(data.channel) ?? []) subscriber.send(text);
    if (cid !== undefined) socket.send(acknowledgement(cid));
  }
}

function join(channel, socket) {
  const subscribers = channels.get(channel);
  if (subscribers === undefined) channels.set(channel, new Set([socket]));
  else subscribers.add(socket);
}

function leave(channel, socket) {
  const subscribers = channels.get(channel);
  subscribers?.delete(socket);
  if (subscribers?.size === 0) channels.delete(channel);
}

setInterval(() => {
  for (const socket of server.clients) socket.send(PING);
}, PING_EVERY_MS);
