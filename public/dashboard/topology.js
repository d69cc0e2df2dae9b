import { byId, count, percent } from "./format.js";
import { flash, kindOf } from "./members.js";

const SVG = "http://www.w3.org/2000/svg";
const NODE = { width: 156, height: 52, gap: 16 };
const ROW_GAP = 66;
const LINE_GAP = 12;
/** Nodes of a role that are drawn, and links from which on only broken ones are. */
const MOST_NODES = 48;
const MOST_LINKS = 400;

/** The cluster as a drawing: scc-state, the brokers, the workers, and who is linked with whom. */
export class Topology {
  #box = byId("topology");
  #svg = make("svg", { role: "img" });
  #links = make("g", { class: "links" });
  #nodes = make("g", {});
  #known = new Map();
  #drawn = new Map();
  #picture;

  constructor() {
    this.#svg.append(this.#links, this.#nodes);
    this.#box.append(this.#svg);
    new ResizeObserver(() => this.#picture && this.show(this.#picture)).observe(this.#box);
  }

  show(picture) {
    this.#picture = picture;
    const width = Math.max(280, this.#box.clientWidth);
    const brokers = picture.members.filter(({ role }) => role === "broker");
    const workers = picture.members.filter(({ role }) => role === "worker");
    const state = { id: "state", name: "scc-state", role: "state", state: "running" };
    const places = new Map();
    const top = 4;
    const afterState = place([state], places, width, top) + ROW_GAP;
    const afterBrokers = place(brokers, places, width, afterState) + ROW_GAP;
    const height = place(workers, places, width, brokers.length === 0 ? afterState : afterBrokers) + 4;
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${Math.max(height, top + NODE.height + 4)}`);
    this.#svg.setAttribute("aria-label", describe(picture, brokers, workers));
    this.#drawLinks(linksOf(picture, brokers, workers, places));
    this.#drawNodes(places);
  }

  #drawLinks(links) {
    const keys = new Set(links.map(({ key }) => key));
    for (const [key, path] of this.#drawn) {
      if (keys.has(key)) continue;
      path.remove();
      this.#drawn.delete(key);
    }
    for (const { key, kind, from, to } of links) {
      let path = this.#drawn.get(key);
      if (path === undefined) {
        path = make("path", {});
        this.#links.append(path);
        this.#drawn.set(key, path);
      }
      path.setAttribute("class", `link ${kind}`);
      path.setAttribute("d", curve(from, to));
    }
  }

  #drawNodes(places) {
    for (const [id, node] of this.#known) {
      if (places.has(id)) continue;
      node.group.remove();
      this.#known.delete(id);
    }
    for (const [id, { member, x, y }] of places) {
      const isNew = !this.#known.has(id);
      const node = isNew ? this.#create(id) : this.#known.get(id);
      const kind = kindOf(member.state);
      if (!isNew && node.state !== member.state) flash(node.group);
      if (isNew && this.#known.size > 1 && this.isSettledIn) flash(node.group);
      node.state = member.state;
      node.group.setAttribute("transform", `translate(${x} ${y})`);
      node.group.dataset.kind = kind;
      node.group.dataset.role = member.role;
      write(node.title, member.name);
      write(node.detail, detailOf(member));
    }
    this.isSettledIn = true;
  }

  #create(id) {
    const group = make("g", { class: "node" });
    const title = make("text", { x: 30, y: 22, class: "name" });
    const detail = make("text", { x: 14, y: 41, class: "detail" });
    group.append(
      make("rect", { width: NODE.width, height: NODE.height, rx: 12 }),
      make("circle", { cx: 18, cy: 17.5, r: 4.5 }),
      title,
      detail,
    );
    this.#nodes.append(group);
    const node = { group, title, detail, state: undefined };
    this.#known.set(id, node);
    return node;
  }
}

/** Puts members in lines, centred. @returns where the next row may begin */
function place(members, places, width, top) {
  const shown = members.slice(0, MOST_NODES);
  const perLine = Math.max(1, Math.floor((width + NODE.gap) / (NODE.width + NODE.gap)));
  const lines = Math.ceil(shown.length / perLine);
  const each = Math.ceil(shown.length / Math.max(1, lines));
  for (const [index, member] of shown.entries()) {
    const line = Math.floor(index / each);
    const inLine = Math.min(each, shown.length - line * each);
    // Few nodes are spread out, many stand close.
    const step = Math.min(NODE.width * 1.6, Math.max(NODE.width + NODE.gap, width / inLine));
    const left = (width - step * (inLine - 1) - NODE.width) / 2;
    const x = left + step * (index % each);
    places.set(member.id, { member, x, y: top + line * (NODE.height + LINE_GAP) });
  }
  return top + Math.max(0, lines) * (NODE.height + LINE_GAP) - (lines > 0 ? LINE_GAP : 0);
}

/** Talks of all with scc-state, links of brokers with workers and each other, and what cannot be used. */
function linksOf({ members }, brokers, workers, places) {
  const talks = members
    .filter(({ state }) => state !== "away" && state !== "gone")
    .map(({ id }) => ({ kind: "talk", a: "state", b: id }));
  const pairs = brokers.flatMap((broker, index) =>
    [...workers, ...brokers.slice(index + 1)].map((other) => [broker, other]),
  );
  const links = pairs.map(([broker, other]) => ({
    kind: kindOfLink(broker, other),
    a: broker.id,
    b: other.id,
  }));
  const shown = links.filter(
    ({ kind }) => kind === "broken" || (kind === "works" && pairs.length <= MOST_LINKS),
  );
  return [...talks, ...shown].flatMap(({ kind, a, b }) => {
    const [from, to] = [places.get(a), places.get(b)];
    return from && to ? [{ key: `${kind} ${a} ${b}`, kind, from, to }] : [];
  });
}

/** Whether one of them says that it cannot use the other, or a broker that they are linked. */
function kindOfLink(broker, other) {
  if (broker.accused.includes(other.id) || other.accused.includes(broker.id)) return "broken";
  return broker.links?.includes(other.id) || other.links?.includes(broker.id) ? "works" : "none";
}

/** From foot to head where one stands above the other, from side to side where they stand in a line. */
function curve(from, to) {
  const middle = NODE.width / 2;
  if (Math.abs(from.y - to.y) < 1) {
    const [left, right] = from.x < to.x ? [from, to] : [to, from];
    const y = left.y + NODE.height / 2;
    const [start, end] = [left.x + NODE.width, right.x];
    // Over those that stand between.
    const lift = end - start > NODE.width ? NODE.height / 2 + 14 : 0;
    return `M${start} ${y} C${start + 20} ${y - lift * 1.3} ${end - 20} ${y - lift * 1.3} ${end} ${y}`;
  }
  const [upper, lower] = from.y < to.y ? [from, to] : [to, from];
  const [x1, y1, x2, y2] = [upper.x + middle, upper.y + NODE.height, lower.x + middle, lower.y];
  const bend = (y2 - y1) / 2;
  return `M${x1} ${y1} C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
}

function detailOf({ role, state, share, numbers = {} }) {
  if (role === "state") return "knows the members";
  if (state !== "in ring" && state !== "serving") return `${role} · ${state}`;
  if (role === "broker") return `broker · ${share === undefined ? "no share" : `owns ${percent(share)}`}`;
  return numbers.connections === undefined ? "worker" : `worker · ${count(numbers.connections)} clients`;
}

function describe({ ring }, brokers, workers) {
  const troubled = [...brokers, ...workers].filter(({ state }) => kindOf(state) === "bad").length;
  const trouble = troubled === 0 ? "all well" : `${troubled} in trouble`;
  return `Ring ${ring.counter}: ${brokers.length} brokers and ${workers.length} workers, ${trouble}. The table of processes has the same in words.`;
}

function make(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const MOST_CHARACTERS = 19;

function write(node, text) {
  const shown = text.length > MOST_CHARACTERS + 2 ? `…${text.slice(-MOST_CHARACTERS)}` : text;
  if (node.textContent !== shown) node.textContent = shown;
}
