// The application of the worker that is flooded: what it does slowly or wrongly is what applications do.
import { setTimeout as after } from "node:timers/promises";

export default ({ server, http, exchange }) => {
  // Another one on the same port, such as a dev server's hot reload: it takes its time.
  http.on("upgrade", (request, socket) => {
    if (!request.url.startsWith("/foreign/")) return;
    setTimeout(() => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), 20);
  });
  server.setMiddleware(server.MIDDLEWARE_INBOUND, async (stream) => {
    for await (const action of stream) {
      if (action.socket?.request.url.includes("middleware=")) await after(5);
      action.allow();
    }
  });
  (async () => {
    for await (const { socket } of server.listener("connection")) serve(socket, exchange);
  })();
  // Unread warnings and errors must not fill the memory of this application.
  (async () => {
    for await (const _ of server.listener("warning"));
  })();
};

function serve(socket, exchange) {
  (async () => {
    for await (const request of socket.procedure("slow")) {
      await after(100);
      request.end(request.data);
    }
  })();
  (async () => {
    for await (const _ of socket.receiver("slow-receiver")) await after(100);
  })();
  (async () => {
    for await (const request of socket.procedure("publish-cycle")) {
      const cycle = { big: 1n };
      cycle.self = cycle;
      exchange.transmitPublish("cycles", cycle);
      exchange.channel("cycles").transmitPublish({
        get broken() {
          throw new Error("This getter always throws");
        },
      });
      request.end();
    }
  })();
  (async () => {
    for await (const _ of socket.receiver("leave-oddly")) socket.disconnect(4500, { why: "no text" });
  })();
}
