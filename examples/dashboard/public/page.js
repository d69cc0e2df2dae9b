import { create } from "/socketcluster-client.js";

const socket = create();
const [state, workers, pace] = ["state", "workers", "pace"].map((id) => document.getElementById(id));
const rows = new Map();

each(socket.subscribe("metrics"), (sample) => {
  const { worker, clients, cpuPercent, memoryMiB, delayMs, paceMs } = sample;
  const cells = [worker, clients, cpuPercent, memoryMiB, delayMs, paceMs].map((value) => {
    const cell = document.createElement("td");
    cell.textContent = value;
    return cell;
  });
  rowOf(worker).replaceChildren(...cells);
});

each(socket.listener("connect"), async () => {
  const { worker, node, startedAt } = await socket.invoke("facts");
  state.textContent = `connected to ${worker}, Node.js ${node}, since ${new Date(startedAt).toLocaleString()}`;
});
each(socket.listener("disconnect"), () => {
  state.textContent = "connecting again";
});
each(socket.listener("error"), ({ error }) => console.warn(error));

pace.addEventListener("change", () => socket.invoke("pace", Number(pace.value)));

function rowOf(worker) {
  if (!rows.has(worker)) rows.set(worker, workers.insertRow());
  return rows.get(worker);
}

async function each(stream, act) {
  for await (const value of stream) act(value);
}
