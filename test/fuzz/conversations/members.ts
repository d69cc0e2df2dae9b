import { NO_RING, type Ring } from "../../../src/cluster/ring/ring.ts";
import { EntryWriter } from "../../../src/link/entries.ts";
import { taken } from "../../../src/link/test-taken.ts";
import type { Random } from "../../simulation/random.ts";
import type { Conversation } from "./clients.ts";
import { channel } from "./packets.ts";

/**
 * What a member says is believed: one that brings a newer ring, or accuses the brokers that there are, changes the
 * cluster as it may. So attackers say neither; whether they may is another question than whether they break anything.
 */

/** What a member says to scc-state. @param ring the cluster's */
export function memberSays(random: Random, ring: Ring): Conversation {
  const join = {
    type: "join",
    instanceId: random.uuid(),
    instanceIp: random.pick([undefined, "127.0.0.1", "::1"]),
    instanceSecure: false,
    ring: random.pick([NO_RING, ring]),
    workers: random.chance(0.5),
    accused: [],
  };
  const says = (): object =>
    random.pick([
      () => ({ type: "ring", ring: random.pick([NO_RING, ring]) }),
      () => ({ type: "accuse", accused: [random.uuid()] }),
      () => ({ type: "settled", version: ring.version }),
      () => ({ type: "linked", brokers: [random.uuid()] }),
      () => ({ type: "upstream", connections: random.whole(0, 100) }),
      () => ({ type: "observe" }),
      () => ({
        type: "report",
        pid: 1,
        ms: 1000,
        cpuMs: 5,
        rssBytes: 1e6,
        numbers: { clients: 3 },
        links: [random.uuid()],
      }),
      () => ({ type: "tail", channel: channel(random), messages: [{ bytes: 3, text: "t" }], skipped: 0 }),
      () => ({ type: "leave" }),
      () => join,
    ])();
  return [...(random.chance(0.9) ? [join] : []), ...Array.from({ length: random.whole(1, 10) }, says)];
}

/** What a worker or broker says over a link to a broker, frame by frame. */
export function linkSays(random: Random, ring: Ring): readonly Buffer[] {
  const writer = new EntryWriter(
    () => {},
    () => {},
  );
  const framed = (write: () => void): Buffer => {
    write();
    return taken(writer);
  };
  const hello = framed(() => {
    const role = random.pick(["worker", "worker", "broker"]);
    const flags = { canaries: true, windows: true, parts: true };
    writer.hello(JSON.stringify({ instanceId: random.uuid(), role, release: "0.1.0", ring, ...flags }));
    writer.version(ring.version);
    for (let n = 0; n < NUMBERS; n++) {
      writer.name(n, channel(random));
      writer.origin(n, random.uuid());
    }
  });
  const frames = Array.from({ length: random.whole(2, 12) }, () =>
    framed(() => {
      for (let n = random.whole(1, 5); n > 0; n--) sayOne(random, writer, ring);
    }),
  );
  return [...(random.chance(0.95) ? [hello] : []), ...frames];
}

/** Of channels and origins that are named at once. */
const NUMBERS = 8;
const MOST = 2 ** 53 - 1;

function number(random: Random): number {
  if (random.chance(0.98)) return random.whole(0, NUMBERS - 1);
  return random.pick([NUMBERS, 127, 128, 65_535, 65_536, 2 ** 31, 2 ** 32, 2 ** 48, MOST]);
}

function count(random: Random): number {
  return random.chance(0.8) ? random.whole(0, 20) : random.pick([127, 128, 2 ** 31, 2 ** 32, 2 ** 48, MOST]);
}

function sayOne(random: Random, writer: EntryWriter, ring: Ring): void {
  const epoch = { ring: ring.version, count: random.whole(0, 3) };
  const bytes = Buffer.from(random.pick(['"text"', "{}", "", "not json", `"${"x".repeat(3000)}"`]));
  const n = (): number => number(random);
  const m = (): number => count(random);
  const asMember = [
    () => writer.name(n(), channel(random)),
    () => writer.origin(n(), random.uuid()),
    () => writer.beat(m()),
    () => writer.parts(m()),
    () => writer.publish(n(), m(), bytes),
    () => writer.publish(n(), m(), bytes),
    () => writer.subscribe(n(), m(), random.chance(0.5) ? undefined : { epoch, offset: m() }),
    () => writer.subscribe(n(), m(), undefined),
    () => writer.unsubscribe(n()),
    () => writer.canary(m()),
    () => writer.copied(m()),
    () => writer.settled(),
  ];
  const ofLogs = [
    () => writer.offer(n(), ring.version, epoch, m(), m()),
    () => writer.done(),
    () => writer.pull(n()),
    () => writer.log(n(), epoch, m()),
    () => writer.sequence(n(), n(), m()),
    () => writer.copy(n(), m(), n(), m(), bytes),
    () => writer.end(n(), m()),
    () => writer.keep(n(), m()),
    () => writer.drop(n()),
    () => writer.recopy(n()),
    () => writer.canaryCopy(),
  ];
  const asBroker = [
    () => writer.confirm(m(), m()),
    () => writer.refuse(m(), "no"),
    () => writer.allow(m()),
    () => writer.epoch(n(), epoch),
    () => writer.subscribed(n(), m(), m(), "none"),
    () => writer.record(n(), m(), n(), m(), bytes),
    () => writer.own(n(), m(), m()),
    () => writer.canaryHeld(m()),
    () => writer.canaryWaits(m()),
  ];
  const roll = random.unit();
  random.pick(roll < 0.8 ? asMember : roll < 0.98 ? ofLogs : asBroker)();
}
