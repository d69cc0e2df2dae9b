// Native uWebSockets with its own publish and subscribe: about what the kernel allows one process.
const packageOf = require("./package-of.cjs");
const { PING, PING_EVERY_MS, acknowledgement, publication, welcome } = require("./packets.cjs");

const uws = packageOf("@btc-vision/uwebsockets.js");

const LARGEST_MESSAGE = 2 ** 20;
const MOST_UNSENT = 2 ** 28;

const decoder = new TextDecoder();
const sockets = new Set();
const app = uws.App();

app.ws("/*", {
  compression: uws.DISABLED,
  maxPayloadLength: LARGEST_MESSAGE,
  maxBackpressure: MOST_UNSENT,
  idleTimeout: 0,
  sendPingsAutomatically: false,
  open: (socket) => sockets.add(socket),
  close: (socket) => sockets.delete(socket),
  message: (socket, bytes) => {
    if (bytes.byteLength > 0) receive(socket, JSON.parse(decoder.decode(bytes)));
  },
});

function receive(socket, { event, data, cid }) {
  if (event === "#handshake") {
    socket.send(welcome(cid));
  } else if (event === "#subscribe") {
    socket.subscribe(data.channel);
    socket.send(acknowledgement(cid));
  } else if (event === "#publish") {
    app.publish(data.channel, publication(data));
    if (cid !== undefined) socket.send(acknowledgement(cid));
  }
}

app.listen("127.0.0.1", Number(process.env.PORT), (listening) => {
  if (listening === false) throw new Error(`Cannot listen on port ${process.env.PORT}`);
});

setInterval(() => {
  for (const socket of sockets) socket.send(PING);
}, PING_EVERY_MS);
