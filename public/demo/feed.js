const MOST_ROWS = 200;
const FLUSH_MS = 30;
const MOST_EVENTS = 30;

/**
 * The newest messages, numbered in the order they came in. Rows are gathered for a moment and added at
 * once, so that a burst does not cost a layout each; a list only ever holds the newest 200.
 */
export class Feed {
  #list;
  #empty;
  #rows = [];
  #timer;
  #number = 0;

  constructor(list, empty) {
    this.#list = list;
    this.#empty = empty;
  }

  /** @param message author, text, worker, mine, and ms if the latency is known */
  add(message) {
    this.#number += 1;
    this.#rows.push({ ...message, number: this.#number, at: new Date() });
    if (this.#rows.length > MOST_ROWS) this.#rows.shift();
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#flush(), FLUSH_MS);
  }

  clear() {
    this.#rows = [];
    this.#number = 0;
    this.#list.replaceChildren();
    this.#empty.hidden = false;
  }

  #flush() {
    this.#timer = undefined;
    if (this.#rows.length === 0) return;
    const atEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 40;
    this.#empty.hidden = true;
    this.#list.append(...this.#rows.map(rowOf));
    this.#rows = [];
    while (this.#list.childElementCount > MOST_ROWS) this.#list.firstElementChild.remove();
    // Whoever has scrolled up is reading, and must not be torn away.
    if (atEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }
}

function rowOf({ number, author, text, worker, mine, ms, at }) {
  const row = element("li", mine ? "mine" : "theirs");
  const head = element("p", "head");
  head.append(element("span", "author", author), element("span", "via", `worker ${worker}`));
  const time = element("time", "time", at.toLocaleTimeString([], { hour12: false }));
  time.dateTime = at.toISOString();
  if (ms !== undefined) head.append(element("span", "ms", ms));
  head.append(time);
  row.append(element("span", "number", String(number)), head, element("p", "text", text));
  return row;
}

/** What happened to the connection, newest first. */
export class EventList {
  #list;

  constructor(list) {
    this.#list = list;
  }

  /** @param kind good, bad or plain */
  add(text, kind = "plain") {
    const row = element("li", kind);
    const time = new Date().toLocaleTimeString([], { hour12: false });
    row.append(element("time", "time", time), element("span", "what", text));
    this.#list.prepend(row);
    while (this.#list.childElementCount > MOST_EVENTS) this.#list.lastElementChild.remove();
  }
}

/** Text from elsewhere only ever goes in as text. */
function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}
