import { createServer } from "node:http";
import { describe, expectTypeOf, it } from "vitest";
import { type AGRequest, AGServer, type AGServerSocket, attach } from "../../src/api/index.ts";

// Checked by `npm run types`: what must not compile stands under @ts-expect-error. Nothing here is run.

interface Chat {
  channels: {
    [room: `room/${string}`]: { readonly from: string; readonly text: string };
    online: number;
    closing: undefined;
  };
  procedures: {
    login: { request: { name: string; password: string }; answer: { token: string } };
    logout: { request: undefined };
  };
  receivers: { typing: { room: string } };
  clientProcedures: { confirm: { request: string; answer: boolean } };
  clientReceivers: { notice: string };
  token: { user: string; rooms: string[] };
}

/** Never called. */
function chat(server: AGServer<Chat>, socket: AGServerSocket<Chat>): void {
  const { exchange } = server;

  void exchange.invokePublish("online", 3);
  void exchange.transmitPublish("room/1", { from: "ann", text: "hi" });
  void exchange.invokePublish("closing");
  void exchange.invokePublish("closing", undefined, { level: "worker" });
  void exchange.invokePublish("online", 3, { level: "replica" });
  // @ts-expect-error: there are two levels
  void exchange.invokePublish("online", 3, { level: "all" });
  // @ts-expect-error: a number is what this channel carries
  void exchange.invokePublish("online", "three");
  // @ts-expect-error: the text is missing
  void exchange.transmitPublish("room/1", { from: "ann" });
  // @ts-expect-error: this channel carries something
  void exchange.invokePublish("online");
  // @ts-expect-error: there is no such channel
  void exchange.invokePublish("onlin", 3);
  // @ts-expect-error: there is no such channel
  exchange.subscribe("onlin");

  expectTypeOf(exchange.subscribe("online").once()).resolves.toEqualTypeOf<number>();
  expectTypeOf(exchange.channel("room/7").once()).resolves.toHaveProperty("text");
  // @ts-expect-error: a number is what this channel carries
  void exchange.subscribe("online").invokePublish("three");

  type Login = AGRequest<{ name: string; password: string }, { token: string }, Chat>;
  expectTypeOf(socket.procedure("login").once()).resolves.toEqualTypeOf<Login>();
  void socket
    .procedure("login")
    .once()
    .then((request) => {
      request.end({ token: request.data.name });
      // @ts-expect-error: the answer is an object with a token
      request.end("token");
      // @ts-expect-error: a login is answered with something
      request.end();
    });
  // @ts-expect-error: there is no such procedure
  socket.procedure("signin");
  void socket
    .procedure("logout")
    .once()
    .then((request) => request.end());

  expectTypeOf(socket.receiver("typing").once()).resolves.toEqualTypeOf<{ room: string }>();
  // @ts-expect-error: there is no such receiver
  socket.receiver("typin");

  expectTypeOf(socket.invoke("confirm", "Sure?")).resolves.toEqualTypeOf<boolean>();
  // @ts-expect-error: the question is text
  void socket.invoke("confirm", 1);
  void socket.transmit("notice", "hello");
  // @ts-expect-error: a notice is text
  void socket.transmit("notice", 1);

  expectTypeOf(socket.authToken?.user).toEqualTypeOf<string | undefined>();
  expectTypeOf(socket.authToken?.exp).toEqualTypeOf<number | undefined>();
  void socket.setAuthToken({ user: "ann", rooms: [], exp: 1 });
  // @ts-expect-error: the rooms are missing
  void socket.setAuthToken({ user: "ann" });

  expectTypeOf(server.listener("connection").once()).resolves.toHaveProperty("socket").toEqualTypeOf(socket);
  expectTypeOf(server.clients.x).toEqualTypeOf<AGServerSocket<Chat> | undefined>();
  server.setMiddleware("inbound", async (stream) => {
    for await (const action of stream)
      expectTypeOf(action.socket).toEqualTypeOf<AGServerSocket<Chat> | undefined>();
  });
  // @ts-expect-error: there is no such line
  server.setMiddleware("inward", () => {});
}

/** Never called. */
function partly(
  server: AGServer<{ channels: { news: string } }>,
  socket: AGServerSocket<{ token: { user: string } }>,
) {
  // What the application did not name stays open.
  expectTypeOf(server.exchange.subscribe("news").once()).resolves.toEqualTypeOf<string>();
  expectTypeOf(socket.procedure("anything").once()).resolves.toHaveProperty("data").toBeUnknown();
  expectTypeOf(socket.exchange.subscribe<number>("anything").once()).resolves.toBeNumber();
}

/** Never called. */
function open(server: AGServer, socket: AGServerSocket): void {
  void server.exchange.invokePublish("anything", { at: "all" });
  void server.exchange.invokePublish("anything");
  expectTypeOf(server.exchange.subscribe("anything").once()).resolves.toBeUnknown();
  expectTypeOf(server.exchange.subscribe<number>("anything").once()).resolves.toBeNumber();
  expectTypeOf(socket.receiver<string>("anything").once()).resolves.toBeString();
  expectTypeOf(socket.procedure<string>("anything").once()).resolves.toHaveProperty("data").toBeString();
  expectTypeOf(socket.invoke<number>("anything")).resolves.toBeNumber();
  void socket.transmit("anything", 1);
  void socket.setAuthToken({ anything: 1 });
  expectTypeOf(socket.authToken?.anything).toBeUnknown();
}

/** Never called. */
function mixed(typed: AGServer<Chat>, socket: AGServerSocket<Chat>): void {
  // What is made for any application takes those with shapes too.
  const anyServer: AGServer = typed;
  open(anyServer, socket);
  expectTypeOf(attach<Chat>(createServer())).toEqualTypeOf<AGServer<Chat>>();
  expectTypeOf(attach(createServer())).toEqualTypeOf<AGServer>();
  expectTypeOf(new AGServer<Chat>({ httpServer: createServer() })).toEqualTypeOf(typed);
}

describe("The types of an application's messages", () => {
  it.each([chat, partly, open, mixed])("%o compiles as it should", (scenario) => {
    expectTypeOf(scenario).toBeFunction();
  });
});
