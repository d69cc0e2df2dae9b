const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** "0.4", "17", "1,204", "12.3K": what cannot be known is a dash. */
export function count(value) {
  if (value === undefined || value === null) return "–";
  if (value >= 10_000) return short.format(value);
  return value < 10 && value !== Math.round(value) ? tenths.format(value) : whole.format(value);
}

/** "0.42 ms", "12 ms", "1.2 s" */
export function milliseconds(value) {
  if (value === undefined || value === null) return "–";
  if (value >= 1000) return `${tenths.format(value / 1000)} s`;
  if (value === 0) return "0 ms";
  return `${value < 1 ? value.toFixed(2) : value < 10 ? tenths.format(value) : whole.format(value)} ms`;
}

/** "3 %", of one core */
export function percent(part) {
  return part === undefined || part === null ? "–" : `${whole.format(part * 100)} %`;
}

/** "84 MB", "1.2 GB" */
export function bytes(value) {
  if (value === undefined || value === null) return "–";
  const megabytes = value / 2 ** 20;
  return megabytes < 1000 ? `${whole.format(megabytes)} MB` : `${tenths.format(megabytes / 1024)} GB`;
}

/** "7 s", "4 min", "2 h", "3 d" */
export function age(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

export function timeOfDay(at) {
  return new Date(at).toLocaleTimeString([], { hour12: false });
}

/** Text from elsewhere only ever goes in as text. */
export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

/** Writes a text only where it differs: what did not change is not laid out again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export const byId = (id) => document.getElementById(id);
