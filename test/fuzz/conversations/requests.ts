import type { Random } from "../../simulation/random.ts";

const PATHS = [
  "/",
  "/readyz",
  "/livez",
  "/health-check",
  "/scc/identity",
  "/socketcluster/",
  "/dashboard/style.css",
  "/dashboard/socket/",
  "/worker.json",
  "/%",
  "/%00",
  "//",
  "/..%2f..%2fetc/passwd",
  "*",
  "http://[::1/",
  `/${"a".repeat(3000)}`,
  "/socketcluster/?authKey=%E0%A4%A&instanceType=__proto__&instancePort=-1",
];

/** An HTTP request as text, or something like one; each is a connection of its own. */
export function request(random: Random): Buffer {
  const method = random.pick(["GET", "GET", "HEAD", "POST", "OPTIONS", "PUT", "G E T", "", "\u0000"]);
  const lines = [`${method} ${random.pick(PATHS)} HTTP/${random.pick(["1.1", "1.1", "1.0", "2.0", "x"])}`];
  if (random.chance(0.9)) lines.push("Host: 127.0.0.1");
  if (random.chance(0.6))
    lines.push("Connection: Upgrade", `Upgrade: ${random.pick(["websocket", "h2c", "", "WebSocket"])}`);
  if (random.chance(0.6))
    lines.push(`Sec-WebSocket-Key: ${random.pick(["AAAAAAAAAAAAAAAAAAAAAA==", "x", ""])}`);
  if (random.chance(0.6)) lines.push(`Sec-WebSocket-Version: ${random.pick(["13", "8", "0xd", "-1"])}`);
  if (random.chance(0.5))
    lines.push(
      `Sec-WebSocket-Protocol: ${random.pick(["scc-link.1", "scc-state.1", ",,", "a, b", "\u00ff"])}`,
    );
  if (random.chance(0.3))
    lines.push(
      `Sec-WebSocket-Extensions: permessage-deflate; ${random.pick(["server_max_window_bits=99", "x=", ";;"])}`,
    );
  if (random.chance(0.3))
    lines.push(`Origin: ${random.pick(["null", "https://evil.example", "http://[", "x".repeat(2000)])}`);
  if (random.chance(0.3))
    lines.push(`Authorization: ${random.pick(["Bearer ", "Bearer x", "Basic eA==", "x".repeat(5000)])}`);
  if (random.chance(0.3)) lines.push(`Cookie: ${"a=b;".repeat(random.pick([1, 100]))}`);
  if (random.chance(0.2)) lines.push(`Content-Length: ${random.pick(["0", "5", "-1", "99999999999999"])}`);
  if (random.chance(0.1)) lines.push("Transfer-Encoding: chunked");
  const text = `${lines.join("\r\n")}\r\n\r\n${random.chance(0.2) ? "body" : ""}`;
  const bytes = Buffer.from(text, "latin1");
  return random.chance(0.1) ? bytes.subarray(0, random.whole(0, bytes.length)) : bytes;
}
