import { createCharts } from "./board.js";
import { Connection } from "./connection.js";
import { Events } from "./events.js";
import { age, byId, element, percent, setText, timeOfDay } from "./format.js";
import { Hot } from "./hot.js";
import { flash, MemberTable } from "./members.js";
import { Tail } from "./tail.js";
import { watchTheme } from "./theme.js";
import { Topology } from "./topology.js";

/** Without a picture for so long the page says that it is old, ms. */
const STALE_MS = 4000;

const events = new Events();
let view;
let access = { mayRead: false, mayTail: false };
let lastPicture;
let lastAt = 0;
let isConnected = false;

const connection = new Connection({
  state: (text, kind) => {
    isConnected = kind === "good";
    setText(byId("connection"), text);
    byId("connection").dataset.state = kind;
    showBanner();
  },
  access: (given) => {
    access = given;
    byId("login").hidden = given.mayRead || !given.isLocked;
    byId("logout").hidden = !(given.mayRead && given.isLocked);
    byId("main").hidden = !given.mayRead;
    if (given.mayRead) view ??= createView();
    else if (given.isLocked) {
      byId("ring").hidden = true;
      setText(byId("summary"), "Log in to see the cluster");
      byId("key").focus();
    } else setText(byId("summary"), given.reason);
    view?.tail.allow(given.mayTail);
  },
  picture: (picture) => {
    lastPicture = picture;
    lastAt = performance.now();
    showBanner();
    show(picture);
  },
  happened: (list) => events.add(list),
});

/** Made once the page is to be seen: what is hidden has no width. */
function createView() {
  const tail = new Tail(connection);
  return {
    tail,
    charts: createCharts(),
    table: new MemberTable(),
    topology: new Topology(),
    hot: new Hot((name) => tail.follow(name)),
  };
}

function show(picture) {
  if (view === undefined) return;
  showHead(picture);
  view.topology.show(picture);
  showShare(picture);
  // Rates are known from the second report on.
  const isKnown = picture.members.length === 0 || picture.members.some(({ cpu }) => cpu !== undefined);
  if (isKnown) for (const chart of view.charts) chart.add(picture);
  view.table.show(picture);
  view.hot.show(picture, access.mayTail);
}

function showHead({ ring, members, state, at, release }) {
  const here = members.filter((member) => member.state !== "gone" && member.state !== "away");
  const number = (role) => here.filter((member) => member.role === role).length;
  const some = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
  setText(byId("summary"), `${some(number("broker"), "broker")}, ${some(number("worker"), "worker")}`);
  const chip = byId("ring");
  const text =
    ring.counter === 0 ? "no ring yet" : `ring ${ring.counter} · ${ring.settled ? "settled" : "changing"}`;
  if (!chip.hidden && chip.textContent !== text) flash(chip);
  chip.hidden = false;
  chip.dataset.state = ring.settled ? "good" : "busy";
  chip.title = `placement ${ring.placement}, made by scc-state ${ring.stateId || "–"}${ring.since ? `, since ${timeOfDay(ring.since)}` : ""}`;
  setText(chip, text);
  document.title = `SCC · ${text}`;
  setText(
    byId("footer"),
    `scc-state ${state.id}, release ${release}, running for ${age(at - state.since)}. Last brought up to date ${timeOfDay(at)}.`,
  );
}

function showShare({ members }) {
  const owners = members.filter(({ share }) => share !== undefined);
  const list = byId("share");
  byId("share-title").hidden = owners.length === 0;
  while (list.childElementCount > owners.length) list.lastElementChild.remove();
  for (const [index, { name, share, numbers, state }] of owners.entries()) {
    const row = list.children[index] ?? list.appendChild(shareRow());
    const [label, svg, part] = row.children;
    setText(label, name);
    const channels = numbers?.channels;
    setText(
      part,
      `${percent(share)}${channels === undefined ? "" : ` · ${channels.toLocaleString("en")} channels`}`,
    );
    svg.firstElementChild.setAttribute("width", `${(share * 100).toFixed(1)}%`);
    const before = row.dataset.of;
    row.dataset.of = `${name} ${share.toFixed(2)} ${state}`;
    if (before !== undefined && before !== row.dataset.of) flash(row);
  }
}

function shareRow() {
  const row = element("li");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "bar");
  svg.setAttribute("aria-hidden", "true");
  const fill = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  fill.setAttribute("height", "100%");
  svg.append(fill);
  row.append(element("span", "name"), svg, element("span", "part"));
  return row;
}

function showBanner() {
  const banner = byId("banner");
  const isStale = lastPicture !== undefined && access.mayRead && performance.now() - lastAt > STALE_MS;
  const since = lastPicture === undefined ? "" : ` What you see is from ${timeOfDay(lastPicture.at)}.`;
  const text = isConnected
    ? `Nothing new comes from scc-state.${since}`
    : `scc-state cannot be reached; trying again. The cluster goes on without it.${since}`;
  const isOld = lastPicture === undefined ? false : !isConnected || isStale;
  banner.hidden = !isOld;
  document.body.classList.toggle("stale", isOld);
  if (isOld) setText(banner, text);
}

byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = byId("key");
  const key = field.value;
  setText(byId("login-error"), "");
  try {
    await connection.login(key);
    field.value = "";
    byId("main").focus();
  } catch (error) {
    setText(byId("login-error"), error.message);
    field.select();
  }
});
byId("logout").addEventListener("click", async () => {
  // Nothing of what was seen stays behind.
  await connection.logout();
  location.reload();
});

watchTheme(() => {
  for (const chart of view?.charts ?? []) chart.redraw();
});
// What scrolls can be reached by the keyboard.
for (const id of ["events", "tail"]) byId(id).tabIndex = 0;
setInterval(showBanner, 1000);
