import { create } from "/socketcluster-client.js";

// Connects to the host that the page came from, comes back by itself when the connection breaks, and subscribes again
// to what it was subscribed to.
const socket = create();
const chat = socket.subscribe("chat");
const { form, from, text, messages, state } = Object.fromEntries(
  ["form", "from", "text", "messages", "state"].map((id) => [id, document.getElementById(id)]),
);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await chat.invokePublish({ from: from.value, text: text.value });
    text.value = "";
    say("connected");
  } catch (error) {
    say(`not sent: ${error.message}`);
  }
});

each(chat, show);
// After a break, what came meanwhile is fetched; the list is made anew, so that nothing is in it twice.
each(chat.listener("subscribe"), async () => {
  say("connected");
  const recent = await socket.invoke("recent");
  messages.replaceChildren();
  recent.forEach(show);
});
each(socket.listener("disconnect"), () => say("connecting again"));
each(socket.listener("error"), ({ error }) => console.warn(error));

async function each(stream, act) {
  for await (const value of stream) act(value);
}

function show({ from, text, at }) {
  const item = document.createElement("li");
  const name = document.createElement("b");
  name.textContent = from;
  item.title = new Date(at).toLocaleTimeString();
  item.append(name, text);
  messages.append(item);
  item.scrollIntoView();
}

function say(what) {
  state.textContent = what;
}
