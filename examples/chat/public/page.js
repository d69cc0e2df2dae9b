import { create } from "/socketcluster-client.js";

const socket = create();
const { state, login, name, password, messages, say, room, text, logout } = Object.fromEntries(
  [...document.querySelectorAll("[id]")].map((element) => [element.id, element]),
);

login.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await socket.invoke("login", { name: name.value, password: password.value });
    password.value = "";
  } catch (error) {
    tell(error.message);
  }
});

say.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await socket.invokePublish(`room/${room.value}`, { text: text.value });
    text.value = "";
  } catch (error) {
    tell(error.message);
  }
});

logout.addEventListener("click", () => socket.deauthenticate());

// The browser keeps the token: after a reload, and on a worker that it was never connected to, it counts.
each(socket.listener("authStateChange"), ({ authToken }) => show(authToken));
each(socket.listener("connect"), () => show(socket.authToken));
each(socket.listener("disconnect"), () => tell("connecting again"));
each(socket.listener("error"), ({ error }) => console.warn(error));
show(null);

function show(token) {
  tell(token ? `logged in as ${token.name}` : "logged out");
  login.hidden = token != null;
  say.hidden = token == null;
  room.replaceChildren(...(token?.rooms ?? []).map((mine) => new Option(mine)));
  for (const mine of token?.rooms ?? []) enter(mine);
  if (token == null) messages.replaceChildren();
}

function enter(name) {
  const channel = `room/${name}`;
  if (socket.isSubscribed(channel, true)) return;
  socket.closeChannel(channel);
  each(socket.subscribe(channel), ({ from, text, at }) => {
    const item = document.createElement("li");
    item.title = new Date(at).toLocaleTimeString();
    item.textContent = `${name} · ${from}: ${text}`;
    messages.append(item);
  });
}

async function each(stream, act) {
  for await (const value of stream) act(value);
}

function tell(what) {
  state.textContent = what;
}
