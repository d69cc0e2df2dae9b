import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, it } from "node:test";
import { attach } from "sccluster";
import socketClusterClient from "socketcluster-client";
import app from "../app.js";

const DEADLINE_MS = 5000;
const PASSWORDS = { blue: "blue's password", green: "green's password" };

let http;
let server;
let clients;

beforeEach(async () => {
  clients = [];
  http = createServer();
  server = attach(http);
  app({ server, http });
  await once(http.listen(0, "127.0.0.1"), "listening");
});

afterEach(async () => {
  for (const client of clients) client.disconnect();
  await server.close();
  http.close();
  http.closeAllConnections();
});

function connect() {
  const client = socketClusterClient.create({ hostname: "127.0.0.1", port: http.address().port });
  clients.push(client);
  return client;
}

async function logIn(name) {
  const client = connect();
  await client.invoke("login", { name, password: PASSWORDS[name] });
  return client;
}

async function enter(client, room) {
  const channel = client.subscribe(`room/${room}`);
  await channel.listener("subscribe").once(DEADLINE_MS);
  return channel;
}

describe("The chat", () => {
  it("lets nobody in who has not logged in", async () => {
    const client = connect();
    const { error } = await client.subscribe("room/lobby").listener("subscribeFail").once(DEADLINE_MS);

    assert.equal(error.name, "NotLoggedInError");
    await assert.rejects(client.invokePublish("room/lobby", { text: "Hello" }), { name: "NotLoggedInError" });
  });

  it("knows a wrong password, and a wrong name", async () => {
    const client = connect();

    for (const data of [{ name: "blue", password: "guess" }, { name: "nobody", password: "guess" }, null]) {
      await assert.rejects(client.invoke("login", data), { name: "LoginError" });
    }
  });

  it("says who a message is from, whatever the sender says", async () => {
    const lobby = await enter(await logIn("green"), "lobby");
    const message = lobby.once(DEADLINE_MS);

    await (await logIn("blue")).invokePublish("room/lobby", { from: "green", text: "Hello" });

    const { from, text } = await message;
    assert.deepEqual({ from, text }, { from: "blue", text: "Hello" });
  });

  it("lets people only into their rooms", async () => {
    const green = await logIn("green");

    await enter(await logIn("blue"), "painters");
    const { error } = await green.subscribe("room/painters").listener("subscribeFail").once(DEADLINE_MS);

    assert.equal(error.name, "NotYourRoomError");
    await assert.rejects(green.invokePublish("room/painters", { text: "?" }), { name: "NotYourRoomError" });
  });

  it("knows people again when their connection comes back", async () => {
    const blue = await logIn("blue");
    blue.disconnect();

    blue.connect();
    const { isAuthenticated } = await blue.listener("connect").once(DEADLINE_MS);

    assert.equal(isAuthenticated, true);
    await enter(blue, "painters");
  });

  it("shows out those who log out", async () => {
    const blue = await logIn("blue");
    const lobby = await enter(blue, "lobby");
    const out = lobby.listener("kickOut").once(DEADLINE_MS);

    await blue.deauthenticate();

    await out;
    assert.equal(blue.isSubscribed("room/lobby"), false);
  });
});
