import type { Random } from "../../simulation/random.ts";

/** Channels that attackers use: few, so that they meet, and odd ones. */
export function channel(random: Random): string {
  if (random.chance(0.9)) return `fuzz-${random.whole(0, 50)}`;
  return random.pick([
    "",
    "__proto__",
    "constructor",
    "\u0000",
    "\ud800",
    "#kickOut",
    "x".repeat(5000),
    "a/b c?d",
  ]);
}

/** A client's packet, as it should be. */
export function packet(random: Random, cid: number): object {
  const name = channel(random);
  const data = random.pick([1, "text", { a: [1, 2, { b: null }] }, null, ["x".repeat(200)]]);
  return random.pick([
    () => ({ event: "#subscribe", data: { channel: name, data }, cid }),
    () => ({ event: "#unsubscribe", data: name, cid }),
    () => ({ event: "#publish", data: { channel: name, data }, cid }),
    () => ({ event: "#publish", data: { channel: name, data } }),
    () => ({ event: "#authenticate", data: "a.b.c", cid }),
    () => ({ event: "#removeAuthToken" }),
    () => ({ event: "hello", data }),
    () => ({ event: "procedure", data, cid }),
    () => ({ rid: random.whole(1, 9), data }),
    () => ({ rid: random.whole(1, 9), error: { name: "E", message: "m" } }),
    () => ({ event: "#disconnect", data: { code: random.whole(0, 5000), data: "bye" } }),
  ])();
}

export const handshake = { event: "#handshake", data: { authToken: null }, cid: 1 };
