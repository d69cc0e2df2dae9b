import { randomFillSync } from "node:crypto";

const ID_BYTES = 15;
const IDS_AT_ONCE = 256;

const pool = Buffer.allocUnsafeSlow(ID_BYTES * IDS_AT_ONCE);
let used = pool.length;

/** An id that nobody can guess: 20 characters, 120 bits. Chance is fetched for many at once: each call costs. */
export function randomId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const id = pool.toString("base64url", used, used + ID_BYTES);
  used += ID_BYTES;
  return id;
}
