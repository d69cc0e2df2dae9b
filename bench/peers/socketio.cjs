// Socket.IO with rooms as channels, by itself or with the Redis adapter.
const http = require("node:http");
const packageOf = require("./package-of.cjs");

const { Server } = packageOf("socket.io");

const { PORT, REDIS_URL } = process.env;

async function redisAdapter(url) {
  const { createAdapter } = packageOf("@socket.io/redis-adapter");
  const { createClient } = packageOf("redis");
  const publisher = createClient({ url });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  return { adapter: createAdapter(publisher, subscriber) };
}

async function main() {
  const server = http.createServer();
  const io = new Server(server, {
    transports: ["websocket"],
    perMessageDeflate: false,
    ...(REDIS_URL === undefined ? {} : await redisAdapter(REDIS_URL)),
  });
  io.on("connection", (socket) => {
    socket.on("subscribe", async (room, acknowledge) => {
      await socket.join(room);
      acknowledge();
    });
    socket.on("publish", (room, data, acknowledge) => {
      io.to(room).emit("publish", { channel: room, data });
      acknowledge();
    });
  });
  server.listen(Number(PORT), "127.0.0.1");
}

main();
