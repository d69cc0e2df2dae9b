import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(scrypt);
const KEY_BYTES = 32;

// In a real application a database, written when people choose their passwords.
const PEOPLE = new Map([
  ["blue", await remember("blue's password", ["lobby", "painters"])],
  ["green", await remember("green's password", ["lobby"])],
]);
const NOBODY = await remember(randomBytes(16).toString("hex"), []);

/** Who somebody is and where they may be, if the password is right. */
export async function verify(name, password) {
  if (typeof name !== "string" || typeof password !== "string") return undefined;
  // For an unknown name the same work is done, so that the time taken does not tell which names exist.
  const { salt, key, rooms } = PEOPLE.get(name) ?? NOBODY;
  const right = timingSafeEqual(key, await derive(password, salt, KEY_BYTES));
  return right && PEOPLE.has(name) ? { name, rooms } : undefined;
}

async function remember(password, rooms) {
  const salt = randomBytes(16);
  return { salt, key: await derive(password, salt, KEY_BYTES), rooms };
}
