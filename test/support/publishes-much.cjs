/** An application that publishes at once whatever it is asked for, and answers how each ended. */
module.exports = ({ server, exchange }) => {
  const outcome = (publish) =>
    publish.then(
      () => "done",
      ({ code, retryable, mayStillArrive }) => `${code} ${retryable} ${mayStillArrive}`,
    );
  const serve = async (socket) => {
    for await (const request of socket.procedure("publish")) {
      const { count, size } = request.data;
      const publishes = Array.from({ length: count }, () => exchange.invokePublish("news", "x".repeat(size)));
      request.end(await Promise.all(publishes.map(outcome)));
    }
  };
  void (async () => {
    for await (const { socket } of server.listener("connection")) void serve(socket);
  })();
};
