import { create } from "./socketcluster-client.js";

/** The session lives in this object and nowhere else: it ends with the page. */
class SessionInMemory {
  #token = null;

  async saveToken(_name, token) {
    this.#token = token;
    return token;
  }

  async removeToken() {
    const token = this.#token;
    this.#token = null;
    return token;
  }

  async loadToken() {
    return this.#token;
  }
}

/** Calls `act` with every event of a stream. */
async function listen(stream, act) {
  for await (const event of stream) act(event);
}

/**
 * The page's one connection to scc-state, made again whenever it breaks.
 *
 * `events`: state(text, kind), access({isLocked, mayRead, mayTail, reason}), picture(data), happened(events)
 */
export class Connection {
  #events;
  #socket;
  #following = false;
  #tail;

  constructor(events) {
    this.#events = events;
    this.#socket = create({
      path: "/dashboard/socket/",
      authEngine: new SessionInMemory(),
      ackTimeout: 5000,
      autoReconnectOptions: { initialDelay: 300, randomness: 300, multiplier: 1.5, maxDelay: 3000 },
    });
    listen(this.#socket.listener("connect"), () => void this.#connected());
    listen(this.#socket.listener("connectAbort"), () => this.#lost());
    listen(this.#socket.listener("disconnect"), () => this.#lost());
    listen(this.#socket.listener("error"), () => {
      // Each is told where it matters: as a lost connection, or to whoever asked.
    });
  }

  /** @throws what scc-state says against it */
  async login(key) {
    this.#show(await this.#socket.invoke("login", { key }));
  }

  async logout() {
    this.#unfollow();
    await this.#socket.deauthenticate();
    this.#socket.disconnect();
    this.#socket.connect();
  }

  /** Follows the messages of one channel, in place of the one before. `act` gets {messages, skipped}. */
  tail(name, { message, state }) {
    this.stopTail();
    const channel = this.#socket.subscribe(`tail:${name}`);
    this.#tail = channel;
    const isCurrent = () => this.#tail === channel;
    listen(channel, (data) => isCurrent() && message(data));
    listen(channel.listener("subscribe"), () => isCurrent() && state("following"));
    listen(channel.listener("subscribeFail"), ({ error }) => {
      if (!isCurrent()) return;
      this.stopTail();
      state("refused", error.message.replace(/^.* - \w+: /, ""));
    });
  }

  stopTail() {
    const { name } = this.#tail ?? {};
    this.#tail = undefined;
    if (name === undefined) return;
    this.#socket.unsubscribe(name);
    this.#socket.closeChannel(name);
  }

  async #connected() {
    this.#events.state("connected", "good");
    try {
      this.#show(await this.#socket.invoke("access"));
    } catch {
      // The connection broke meanwhile: the next one asks again.
    }
  }

  #lost() {
    this.#events.state("reconnecting", "busy");
  }

  #show(access) {
    if (access.mayRead) this.#follow();
    else this.#unfollow();
    this.#events.access(access);
  }

  #follow() {
    if (this.#following) return;
    this.#following = true;
    listen(this.#socket.subscribe("cluster"), (data) => this.#following && this.#events.picture(data));
    listen(this.#socket.subscribe("events"), (data) => this.#following && this.#events.happened(data));
  }

  #unfollow() {
    this.stopTail();
    if (!this.#following) return;
    this.#following = false;
    for (const name of ["cluster", "events"]) {
      this.#socket.unsubscribe(name);
      this.#socket.closeChannel(name);
    }
  }
}
