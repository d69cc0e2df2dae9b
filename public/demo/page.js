import { EventList, Feed } from "./feed.js";
import { formatMs, LatencyMeter, RateMeter, sparkline } from "./meter.js";
import { create } from "./socketcluster-client.js";

const BURST = 100;
const DEFAULT_CHANNEL = "chat";
/** The first two workers of a cluster on one machine, as `scc up` and the guide start them. */
const USUAL_PORTS = [8000, 8001];

const $ = (id) => document.getElementById(id);
const feed = new Feed($("messages"), $("empty"));
const events = new EventList($("events"));
const rate = new RateMeter();
const latency = new LatencyMeter();
const received = { all: 0, own: 0 };
let worker = { port: Number(location.port) || 80 };
let otherPort;
let channelName;
let lastId = 0;

const socket = create({
  // A page that somebody looks at should be back sooner than the client's ten seconds.
  autoReconnectOptions: { initialDelay: 300, randomness: 300, multiplier: 1.5, maxDelay: 5000 },
});
// Ids tell one's own messages from others' with the same name, also in a second window.
const pageId = crypto.getRandomValues(new Uint32Array(2)).join("-");

/** Calls `act` with every event of one of the socket's streams. */
async function listen(stream, act) {
  for await (const event of stream) act(event);
}

function showConnection(state, text = state) {
  $("connection").dataset.state = state;
  $("connection").textContent = text;
}

function listenToConnection() {
  listen(socket.listener("connecting"), () => showConnection("connecting"));
  listen(socket.listener("connect"), ({ id }) => {
    showConnection("connected");
    events.add(`connected as ${id}`, "good");
    void showWorker();
  });
  listen(socket.listener("connectAbort"), ({ code, reason }) => {
    showConnection("reconnecting");
    events.add(`could not connect: ${reason || `closed with ${code}`}`, "bad");
  });
  listen(socket.listener("disconnect"), ({ code, reason }) => {
    showConnection("reconnecting");
    events.add(`connection lost: ${reason || `closed with ${code}`}`, "bad");
  });
  listen(socket.listener("error"), ({ error }) => events.add(error.message || error.name, "bad"));
}

/** Asked again after every reconnect: another process may have taken the worker's place. */
async function showWorker() {
  try {
    const response = await fetch("worker.json");
    if (!response.ok) throw new Error(`worker.json: ${response.status}`);
    const before = worker.instanceId;
    worker = await response.json();
    if (before !== undefined && before !== worker.instanceId) events.add("this worker was started anew");
  } catch (error) {
    // Without the answer the page works all the same.
    events.add(`could not learn which worker this is: ${error.message}`, "bad");
    return;
  }
  showHint();
  const inCluster = worker.mode === "cluster";
  document.title = `SCC · worker ${worker.port}`;
  $("worker").textContent = worker.port;
  $("worker-note").textContent = `pid ${worker.pid} · ${worker.instanceId.slice(0, 8)}`;
  $("place").textContent = `worker ${worker.port}, ${inCluster ? "in a cluster" : "alone"}`;
}

function showHint() {
  const alone = ["Open this page in a second window to see both sides."];
  $("hint").replaceChildren(...(worker.mode === "cluster" ? clusterHint() : alone));
}

/** Somebody on another worker has spoken: that is a better hint than any guess. */
function meet(port) {
  if (!Number.isInteger(port) || port < 1 || port > 65_535 || port === worker.port) return;
  otherPort = port;
  showHint();
}

/** Where another worker is: one that was heard from, or its usual place. Without either nothing is guessed. */
function clusterHint() {
  const usual = USUAL_PORTS.includes(worker.port)
    ? USUAL_PORTS.find((port) => port !== worker.port)
    : undefined;
  const port = otherPort ?? usual;
  if (port === undefined)
    return ["Open this page on another worker: what you say here is heard there at once."];
  const other = new URL("/", location.href);
  other.port = String(port);
  const link = document.createElement("a");
  link.href = other.href;
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = other.host;
  return ["Open another worker, such as ", link, ": what you say here is heard there at once."];
}

function join(name) {
  if (name === channelName) return;
  const before = channelName;
  channelName = name;
  if (before !== undefined) {
    void socket.unsubscribe(before);
    socket.closeChannel(before);
  }
  latency.forget();
  feed.clear();
  $("channel-state").textContent = "subscribing";
  const channel = socket.subscribe(name);
  const isCurrent = () => channelName === name;
  listen(channel.listener("subscribe"), () => {
    if (!isCurrent()) return;
    $("channel-state").textContent = "subscribed";
    events.add(`subscribed to “${name}”`, "good");
  });
  listen(channel.listener("subscribeFail"), ({ error }) => {
    if (isCurrent()) $("channel-state").textContent = `refused: ${error.message}`;
    events.add(`cannot subscribe to “${name}”: ${error.message}`, "bad");
  });
  listen(channel, (data) => {
    if (isCurrent()) receive(data);
  });
}

function receive(data) {
  const { id, author, text, worker: via } = readMessage(data);
  const ms = latency.returned(id);
  const mine = typeof id === "string" && id.startsWith(`${pageId}/`);
  rate.count();
  received.all += 1;
  if (mine) received.own += 1;
  else if (otherPort === undefined) meet(Number(via));
  feed.add({ author, text, worker: via, mine, ...(ms === undefined ? {} : { ms: formatMs(ms) }) });
}

/** Anybody may publish anything on the channel; whatever it is, it is shown. */
function readMessage(data) {
  if (typeof data !== "object" || data === null || typeof data.text !== "string")
    return { author: "someone", text: typeof data === "string" ? data : written(data), worker: "?" };
  const { id, author, text, worker: via } = data;
  const plain = (value, otherwise) =>
    typeof value === "string" || typeof value === "number" ? String(value) : otherwise;
  return { id, author: plain(author, "someone"), text, worker: plain(via, "?") };
}

/** Data may be nested more deeply than can be written. */
function written(data) {
  try {
    return JSON.stringify(data) ?? "nothing";
  } catch (error) {
    return `(${error.message})`;
  }
}

async function publish(text) {
  lastId += 1;
  const id = `${pageId}/${lastId}`;
  const author = $("author").value.trim() || "someone";
  latency.sent(id);
  try {
    await socket.invokePublish(channelName, { id, author, text, worker: worker.port });
  } catch (error) {
    latency.failed(id);
    events.add(`not published: ${error.message}`, "bad");
  }
}

function showNumbers() {
  const seconds = rate.tick();
  $("rate").textContent = seconds.at(-1);
  $("spark").firstElementChild.setAttribute("points", sparkline(seconds));
  $("received").textContent = received.all.toLocaleString("en");
  $("received-note").textContent =
    received.own === 0 ? "none of them yours" : `${received.own} of them yours`;
  $("latency").textContent = formatMs(latency.last);
  if (latency.median !== undefined) $("latency-note").textContent = `median ${formatMs(latency.median)}`;
}

function listenToForm() {
  $("author").value = sessionStorage.getItem("author") ?? `Guest ${100 + Math.floor(Math.random() * 900)}`;
  $("author").addEventListener("change", () => sessionStorage.setItem("author", $("author").value));
  $("channel").value = new URLSearchParams(location.search).get("channel") ?? DEFAULT_CHANNEL;
  $("channel").addEventListener("change", () => join($("channel").value));
  $("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    join($("channel").value);
    const text = $("message").value;
    if (text === "") return;
    $("message").value = "";
    $("message").focus();
    void publish(text);
  });
  $("burst").addEventListener("click", () => {
    join($("channel").value);
    for (let number = 1; number <= BURST; number++) void publish(`burst ${number} of ${BURST}`);
  });
  $("clear").addEventListener("click", () => feed.clear());
}

listenToForm();
listenToConnection();
join($("channel").value);
void showWorker();
setInterval(showNumbers, 1000);
