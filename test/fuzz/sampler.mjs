// Loaded into each process under attack (`node --import`): how long it ever stood still, and how much memory it took.
// What it knows goes to the file FUZZ_SAMPLES each fifth of a second; SIGUSR2 begins anew.
import { renameSync, writeFileSync } from "node:fs";

const EVERY_MS = 5;
const TOLD_MS = 200;
const MEMORY_MS = 50;
const file = process.env.FUZZ_SAMPLES;

let round = 0;
let turnMs = 0;
let waitedMs = 0;
let rssBytes = 0;
let last = performance.now();
let lastCpu = process.cpuUsage();

function look() {
  const now = performance.now();
  const cpu = process.cpuUsage(lastCpu);
  const waited = now - last - EVERY_MS;
  // On a machine that is busy with others a process waits for its turn of the processor: that is not its fault.
  const busy = Math.min(waited, (cpu.user + cpu.system) / 1000);
  turnMs = Math.max(turnMs, busy);
  waitedMs = Math.max(waitedMs, waited);
  last = now;
  lastCpu = process.cpuUsage();
}

function weigh() {
  rssBytes = Math.max(rssBytes, process.memoryUsage.rss());
}

function tell() {
  writeFileSync(`${file}.new`, JSON.stringify({ round, turnMs, waitedMs, rssBytes }));
  renameSync(`${file}.new`, file);
}

if (file !== undefined) {
  setInterval(look, EVERY_MS).unref();
  setInterval(weigh, MEMORY_MS).unref();
  setInterval(tell, TOLD_MS).unref();
  process.on("SIGUSR2", () => {
    round += 1;
    turnMs = 0;
    waitedMs = 0;
    rssBytes = 0;
    weigh();
    tell();
  });
}
