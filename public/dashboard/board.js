import { Chart } from "./charts.js";
import { bytes, count, milliseconds, percent } from "./format.js";

/** What processes of a role take together; undefined before they have told. */
function sumOf({ members }, role, pick) {
  const values = members
    .filter((member) => member.role === role && member.state !== "silent")
    .map(pick)
    .filter((value) => value !== undefined);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

const LINES = [
  { label: "workers", colour: "accent", fill: true },
  { label: "brokers", colour: "second" },
  { label: "state", colour: "soft" },
];

/** Largest of a role, for the note below a sum. */
function topOf({ members }, pick, format) {
  const known = members.filter((member) => pick(member) !== undefined);
  if (known.length === 0) return "waiting for reports";
  const top = known.reduce((most, member) => (pick(member) > pick(most) ? member : most));
  return `most: ${top.role} ${top.name} ${format(pick(top))}`;
}

const cpu = ({ cpu: value }) => value;
const memory = ({ rssBytes }) => rssBytes;

function roles(picture, pick) {
  return [sumOf(picture, "worker", pick), sumOf(picture, "broker", pick), pick(picture.state)];
}

function total(picture, pick) {
  return roles(picture, pick).reduce((sum, value) => sum + (value ?? 0), 0);
}

export function createCharts() {
  return [...trafficCharts(), ...processCharts()];
}

function trafficCharts() {
  return [
    new Chart({
      title: "Connections",
      series: [{ label: "clients", colour: "accent", fill: true }],
      format: count,
      read: ({ totals }) => [totals.connections],
      big: ({ totals }) => count(totals.connections),
      note: ({ totals }) => `${count(totals.subscriptions)} subscriptions`,
    }),
    new Chart({
      title: "Publishes per second",
      series: [{ label: "publishes", colour: "accent", fill: true }],
      format: count,
      read: ({ totals }) => [totals.publishes],
      big: ({ totals }) => count(totals.publishes),
      note: ({ totals }) => `on ${count(totals.channels)} channels`,
    }),
    new Chart({
      title: "Deliveries per second",
      series: [{ label: "deliveries", colour: "accent", fill: true }],
      format: count,
      read: ({ totals }) => [totals.deliveries],
      big: ({ totals }) => count(totals.deliveries),
      note: ({ totals: { deliveries, publishes } }) =>
        publishes > 0 ? `${count(deliveries / publishes)} for each publish` : "nothing is published",
    }),
    new Chart({
      title: "Acknowledgement latency",
      series: [
        { label: "median", colour: "accent", fill: true },
        { label: "99 %", colour: "second" },
      ],
      format: milliseconds,
      read: ({ totals }) => [totals.latencyP50, totals.latencyP99],
      big: ({ totals }) => milliseconds(totals.latencyP50),
      note: ({ totals }) =>
        totals.latencyP99 === undefined
          ? "nothing was acknowledged"
          : `median; 99 % within ${milliseconds(totals.latencyP99)}`,
    }),
  ];
}

function processCharts() {
  return [
    new Chart({
      title: "CPU",
      series: LINES,
      format: percent,
      read: (picture) => roles(picture, cpu),
      big: (picture) => percent(total(picture, cpu)),
      note: (picture) => topOf(picture, cpu, percent),
    }),
    new Chart({
      title: "Memory",
      steps: Array.from({ length: 30 }, (_, power) => 2 ** (20 + power)),
      series: LINES,
      format: bytes,
      read: (picture) => roles(picture, memory),
      big: (picture) => bytes(total(picture, memory)),
      note: (picture) => topOf(picture, memory, bytes),
    }),
  ];
}
