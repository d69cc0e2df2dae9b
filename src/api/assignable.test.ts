import { afterEach, describe, expect, it } from "vitest";
import type { AGServerSocket } from "./server-socket.ts";
import { next, startApp, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

async function socketOf(): Promise<AGServerSocket> {
  const connection = next(app.server.listener("connection"));
  await app.connect();
  return (await connection).socket;
}

/** What is computed when it is read of an object, by name. */
function computedOf(object: object): string[] {
  const names = new Set<string>();
  for (let each = object; each instanceof Object; each = Object.getPrototypeOf(each) as object) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(each))) {
      if (descriptor.get !== undefined && name !== "__proto__") names.add(name);
    }
  }
  return [...names];
}

describe("Whatever an application assigns", () => {
  it("to a socket stands there, as on the original", async () => {
    app = await startApp();
    const socket = await socketOf();
    const fields = computedOf(socket);
    expect(fields).toEqual(expect.arrayContaining(["state", "exchange", "authToken", "protocolVersion"]));

    for (const name of fields) {
      const mine = { name };
      Reflect.set(socket, name, mine);
      expect(Reflect.get(socket, name), name).toBe(mine);
      Reflect.deleteProperty(socket, name);
    }
  });

  it("to a server stands there, unless it is a setting that cannot be that", async () => {
    app = await startApp();
    const computed = ["wsServer", "clientsCount", "pendingClientsCount", "protocolVersion"];
    const { perMessageDeflate } = app.server;
    expect(perMessageDeflate).toBeUndefined();

    for (const name of [...computed, "perMessageDeflate", "defaultSignatureOptions", "clients"]) {
      const mine = { name };
      Reflect.set(app.server, name, mine);
      expect(Reflect.get(app.server, name), name).toBe(mine);
    }
  });

  it("as a token is the client's, and tells nobody", async () => {
    app = await startApp();
    const socket = await socketOf();

    socket.authToken = { name: "ann" };
    socket.authState = "authenticated";
    expect([socket.getAuthToken(), socket.authState]).toEqual([{ name: "ann" }, "authenticated"]);

    const change = next(socket.listener("deauthenticate"));
    socket.deauthenticateSelf();
    expect(await change).toEqual({ oldAuthToken: { name: "ann" } });
    expect(socket.authToken).toBeNull();
  });

  it("as the state of a socket changes nothing about the connection", async () => {
    app = await startApp();
    const socket = await socketOf();

    Reflect.set(socket, "state", "closed");

    expect(socket.state).toBe("closed");
    expect(app.server.clientsCount).toBe(1);
    const closed = next(socket.listener("close"));
    await socket.disconnect();
    await closed;
    expect(app.server.clientsCount).toBe(0);
  });
});

describe("The tables of clients", () => {
  it("hold what an application assigns, and lose what it deletes", async () => {
    app = await startApp();
    const { clients } = app.server;
    const socket = await socketOf();
    const mine = { id: "mine" } as AGServerSocket;

    clients.mine = mine;
    expect(clients.mine).toBe(mine);
    expect(Object.keys(clients)).toEqual([socket.id, "mine"]);
    expect({ ...clients }).toEqual({ [socket.id]: socket, mine });

    delete clients[socket.id];
    expect(clients[socket.id]).toBeUndefined();
    expect(socket.id in clients).toBe(false);
    expect(Object.values(clients)).toEqual([mine]);
    expect(socket.state).toBe("open");

    clients[socket.id] = socket;
    expect(Object.values(clients)).toEqual([mine, socket]);
    delete clients.mine;
    delete clients.nobody;
    expect(Object.keys(clients)).toEqual([socket.id]);
  });
});
