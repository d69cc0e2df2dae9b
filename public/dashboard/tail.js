import { byId, element, setText, timeOfDay } from "./format.js";

const SHOWN = 100;
const NOT_HERE =
  "Messages are shown to those with the cluster's key; without one only on scc-state's own machine, at localhost.";

/** Some of the messages of one channel, as they come. */
export class Tail {
  #connection;
  #channel;
  #skipped = 0;
  #shown = 0;

  constructor(connection) {
    this.#connection = connection;
    byId("tail-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const name = byId("tail-channel").value;
      if (this.#channel === name) this.stop();
      else this.follow(name);
    });
    byId("tail-channel").addEventListener("input", () => this.#showButton());
  }

  allow(mayTail) {
    byId("tail-form").hidden = !mayTail;
    if (!mayTail) {
      this.stop();
      setText(byId("no-tail"), NOT_HERE);
    }
  }

  follow(name) {
    byId("tail-channel").value = name;
    byId("tail").replaceChildren();
    byId("no-tail").hidden = false;
    setText(byId("no-tail"), "Waiting for the next message.");
    this.#channel = name;
    this.#skipped = 0;
    this.#shown = 0;
    setText(byId("tail-state"), "asking");
    this.#connection.tail(name, {
      message: (data) => this.#add(data),
      state: (text, reason) => {
        setText(byId("tail-state"), reason ?? text);
        if (reason !== undefined) this.#channel = undefined;
        this.#showButton();
      },
    });
    this.#showButton();
  }

  stop() {
    if (this.#channel === undefined) return;
    this.#channel = undefined;
    this.#connection.stopTail();
    setText(byId("tail-state"), "stopped");
    this.#showButton();
  }

  #showButton() {
    const isSame = this.#channel !== undefined && byId("tail-channel").value === this.#channel;
    setText(byId("tail-start"), isSame ? "Stop" : "Follow");
  }

  #add({ messages, skipped }) {
    const list = byId("tail");
    byId("no-tail").hidden = true;
    for (const { text, bytes } of messages) {
      const row = element("li");
      const data = element("code", "", text === "" ? "(no data)" : text);
      data.title = `${bytes} bytes`;
      row.append(element("time", "", timeOfDay(Date.now())), data);
      list.prepend(row);
    }
    while (list.childElementCount > SHOWN) list.lastElementChild.remove();
    this.#shown += messages.length;
    this.#skipped += skipped;
    const total = this.#shown + this.#skipped;
    const part =
      this.#skipped > 0
        ? `a sample: ${this.#shown.toLocaleString("en")} of ${total.toLocaleString("en")}`
        : `${total.toLocaleString("en")}`;
    setText(byId("tail-state"), `following · ${part} messages`);
  }
}
