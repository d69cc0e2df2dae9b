import { afterEach, describe, expect, it } from "vitest";
import { next, startApp, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

describe("A token", () => {
  it("set by the server reaches the client, which is authenticated by it when it returns", async () => {
    app = await startApp();
    const connected = next(app.server.listener("connection"));
    const client = await app.connect();
    const { socket } = await connected;
    const change = next(socket.listener("authStateChange"));
    const signed = next(socket.listener("authTokenSigned"));
    const authenticated = next(client.listener("authenticate"));

    await socket.setAuthToken({ user: "ann" });

    expect(await change).toMatchObject({ oldAuthState: "unauthenticated", newAuthState: "authenticated" });
    await authenticated;
    expect(client.authToken).toMatchObject({ user: "ann" });
    expect(socket.signedAuthToken).toBe((await signed).signedAuthToken);

    const again = next(app.server.listener("connection"));
    const announced = next(app.server.listener("authentication"));
    client.reconnect();
    expect(await again).toMatchObject({ isAuthenticated: true });
    expect((await announced).authToken).toMatchObject({ user: "ann" });
  });

  it("lives as long as it was given, or as its own claim says", async () => {
    app = await startApp();
    const connected = next(app.server.listener("connection"));
    await app.connect();
    const { socket } = await connected;
    const now = Math.floor(Date.now() / 1000);

    await socket.setAuthToken({ user: "ann" }, { expiresIn: 100 });
    expect(socket.authToken?.exp).toBeGreaterThanOrEqual(now + 100);
    expect(socket.authToken?.exp).toBeLessThan(now + 110);

    await socket.setAuthToken({ user: "ann", exp: now + 500 }, { expiresIn: 100 });
    expect(socket.authToken?.exp).toBe(now + 500);
  });

  it("that is not good is refused, and the client told to forget it", async () => {
    app = await startApp();
    const client = await app.connect();
    const bad = next(app.server.listener("badSocketAuthToken"));

    await expect(client.authenticate("nonsense")).rejects.toMatchObject({ name: "AuthTokenInvalidError" });

    expect(await bad).toMatchObject({ signedAuthToken: "nonsense", authError: { isBadToken: true } });
    expect(client.authState).toBe("unauthenticated");
  });

  it("that has expired is refused at the handshake, which succeeds all the same", async () => {
    app = await startApp();
    const expired = await app.server.auth.signToken({ user: "ann", exp: 1 }, "key", {});
    const client = app.create({ autoConnect: false, authEngine: engineWith(expired) });
    (client as unknown as { connect(): void }).connect();

    const status = await next(client.listener("connect"));

    expect(status).toMatchObject({ isAuthenticated: false, authError: { name: "AuthTokenExpiredError" } });
  });

  it("that expires while connected is taken away by the next thing the client says", async () => {
    app = await startApp();
    const connected = next(app.server.listener("connection"));
    const client = await app.connect();
    const { socket } = await connected;
    const authenticated = next(client.listener("authenticate"));
    await socket.setAuthToken({ user: "ann", exp: Math.floor(Date.now() / 1000) - 1 });
    await authenticated;
    const gone = next(socket.listener("deauthenticate"));
    const told = next(client.listener("deauthenticate"));

    await client.transmit("hi");

    expect(await gone).toMatchObject({ oldAuthToken: { user: "ann" } });
    await told;
    expect(socket.authState).toBe("unauthenticated");
  });

  it("cannot be set before the handshake", async () => {
    app = await startApp();
    const started = next(app.server.listener("handshake"));
    app.create();
    const { socket } = await started;

    await expect(socket.setAuthToken({ user: "ann" })).rejects.toMatchObject({ name: "InvalidActionError" });
  });

  it("can be blocked by middleware", async () => {
    app = await startApp();
    app.server.setMiddleware("inbound", async (stream) => {
      for await (const action of stream) {
        if (action.type === action.AUTHENTICATE) action.block(Object.assign(new Error("no"), { name: "No" }));
        else action.allow();
      }
    });
    const good = await app.server.auth.signToken({ user: "ann" }, "key", {});
    const client = await app.connect();

    expect(await client.authenticate(good)).toMatchObject({
      isAuthenticated: false,
      authError: { name: "No" },
    });
    expect(client.authState).toBe("unauthenticated");
  });

  it("is verified by the application's engine, which is told whose it is", async () => {
    const seen: unknown[] = [];
    app = await startApp({
      authEngine: {
        verifyToken: async (token, key, options) => {
          seen.push(token, key, (options as { socket: { id: string } }).socket.id);
          return { user: "by cookie" };
        },
        signToken: async () => "signed",
      },
    });
    const connected = next(app.server.listener("connection"));

    const client = await app.connect();

    expect(await connected).toMatchObject({ isAuthenticated: true });
    expect(seen).toEqual([null, "key", client.id]);
  });
});

function engineWith(token: string) {
  return { loadToken: async () => token, saveToken: async () => token, removeToken: async () => token };
}
