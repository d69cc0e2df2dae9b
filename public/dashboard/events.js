import { byId, element, timeOfDay } from "./format.js";

const SHOWN = 200;

/** What happened to the cluster, newest first; each once, however often scc-state tells it. */
export class Events {
  #rows = new Map();

  add(events) {
    const list = byId("events");
    for (const { id, at, kind, text } of events) {
      if (this.#rows.has(id)) continue;
      const row = element("li", `event ${kind}`);
      const time = element("time", "", timeOfDay(at));
      time.dateTime = new Date(at).toISOString();
      row.append(time, element("span", "what", text));
      this.#rows.set(id, row);
      list.prepend(row);
    }
    for (const [id, row] of this.#rows) {
      if (this.#rows.size <= SHOWN) break;
      this.#rows.delete(id);
      row.remove();
    }
    byId("no-events").hidden = this.#rows.size > 0;
  }
}
