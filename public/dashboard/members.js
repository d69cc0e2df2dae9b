import { age, byId, bytes, count, element, percent, setText } from "./format.js";

const KEPT = 180;
const SVG = "http://www.w3.org/2000/svg";
const KIND = {
  "in ring": "good",
  serving: "good",
  running: "good",
  "taking over": "busy",
  joining: "busy",
  leaving: "busy",
  degraded: "bad",
  silent: "bad",
  away: "bad",
  gone: "bad",
};

/** Whether a state is well, under way, or trouble: good, busy or bad. */
export function kindOf(state) {
  return KIND[state] ?? "busy";
}

/** A row for each process, with its processor time for three minutes. */
export class MemberTable {
  #rows = new Map();

  show(picture) {
    const { members, state, unlisted } = picture;
    const all = [
      { ...state, id: "state", role: "state", name: `scc-state ${state.id}`, state: "running" },
      ...members,
    ];
    for (const [id, row] of this.#rows) {
      if (all.some((member) => member.id === id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    for (const [index, member] of all.entries()) {
      const row = this.#rowOf(member);
      row.update(member, picture.at);
      const body = byId("members");
      if (body.children[index] !== row.element) body.insertBefore(row.element, body.children[index] ?? null);
    }
    setText(byId("members-note"), unlisted > 0 ? `and ${unlisted} more` : "");
  }

  #rowOf({ id }) {
    const known = this.#rows.get(id);
    if (known) return known;
    const row = new Row();
    this.#rows.set(id, row);
    return row;
  }
}

class Row {
  element = element("tr");
  #cells = {};
  #line;
  #cpu = [];

  constructor() {
    const cell = (name, className = "", tag = "td") => {
      this.#cells[name] = element(tag, className);
      this.element.append(this.#cells[name]);
    };
    cell("name", "name", "th");
    this.#cells.name.scope = "row";
    cell("state");
    cell("rate", "number narrow-off");
    cell("holds", "number wide");
    cell("cpu", "number");
    cell("spark", "wide");
    cell("memory", "number");
    cell("since", "number wide soft");
    const { name, state, spark } = this.#cells;
    this.#cells.title = element("span", "title");
    this.#cells.detail = element("span", "soft detail");
    name.append(this.#cells.title, this.#cells.detail);
    this.#cells.pill = element("span", "pill small");
    state.append(this.#cells.pill);
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "spark");
    svg.setAttribute("viewBox", `0 0 ${KEPT - 1} 20`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    this.#line = document.createElementNS(SVG, "polyline");
    svg.append(this.#line);
    spark.append(svg);
  }

  update(member, at) {
    const { role, name, state, cpu, rssBytes, since } = member;
    const cells = this.#cells;
    setText(cells.title, name);
    setText(cells.detail, detailOf(member));
    setText(cells.pill, state);
    if (cells.pill.dataset.kind !== undefined && cells.pill.dataset.state !== state) flash(this.element);
    cells.pill.dataset.kind = kindOf(state);
    cells.pill.dataset.state = state;
    setText(cells.rate, rateOf(member));
    setText(cells.holds, holdingsOf(member));
    setText(cells.cpu, percent(cpu));
    setText(cells.memory, bytes(rssBytes));
    setText(cells.since, since === undefined ? "–" : age(at - since));
    this.element.dataset.role = role;
    this.#draw(cpu);
  }

  #draw(cpu) {
    this.#cpu.push(cpu ?? 0);
    if (this.#cpu.length > KEPT) this.#cpu.shift();
    const most = Math.max(0.1, ...this.#cpu);
    const start = KEPT - this.#cpu.length;
    const points = this.#cpu.map(
      (value, index) => `${start + index},${(19 - (18 * value) / most).toFixed(1)}`,
    );
    this.#line.setAttribute("points", points.join(" "));
  }
}

function detailOf({ role, pid, isUpstream }) {
  const who = role === "state" ? "state" : isUpstream ? "upstream’s worker" : role;
  return pid === undefined ? who : `${who} · pid ${pid}`;
}

function rateOf({ role, perSecond = {} }) {
  if (role === "broker") return perSecond.messages === undefined ? "–" : `${count(perSecond.messages)} msg`;
  if (role === "worker")
    return perSecond.deliveries === undefined ? "–" : `${count(perSecond.deliveries)} dlv`;
  return "–";
}

function holdingsOf({ role, numbers = {} }) {
  if (role === "broker")
    return numbers.channels === undefined
      ? "–"
      : `${count(numbers.channels)} channels, ${bytes(numbers.tailBytes)}`;
  if (role === "worker")
    return numbers.connections === undefined ? "–" : `${count(numbers.connections)} clients`;
  return "–";
}

const FLASH_MS = 4000;

/** Marks something for a moment as changed. */
export function flash(node) {
  node.classList.add("changed");
  clearTimeout(node.flashTimer);
  node.flashTimer = setTimeout(() => node.classList.remove("changed"), FLASH_MS);
}
