import { LINK_PROTOCOL } from "../../../src/link/entries.ts";
import type { Connection } from "../network/connection.ts";
import type { Profile } from "../plan.ts";
import type { Process } from "../process.ts";
import type { World } from "../world.ts";
import type { Fault } from "./fault.ts";

/** Short enough for nobody to count as silent, ms: that takes six own beats of half a second. */
const SHORT_STALL_MS = 2200;

const HARMLESS: readonly Profile[] = ["links", "all"];
const HARSH: readonly Profile[] = ["partitions", "all"];

/** What happens to connections that is no reason to take anybody out of the ring. */
export const LINK_FAULTS: readonly Fault[] = [
  {
    name: "reset",
    profiles: HARMLESS,
    weight: 4,
    strike: (world) => onCalm(world, (connection) => connection.cut()),
  },
  {
    name: "resets of all links at once",
    profiles: HARMLESS,
    weight: 1,
    strike(world) {
      const links = world.network.connections.filter(
        (connection) => connection.protocol === LINK_PROTOCOL && mayTrouble(world, connection),
      );
      for (const link of links) link.cut();
      return `${links.length} links`;
    },
  },
  {
    name: "stall",
    profiles: HARMLESS,
    weight: 2,
    strike: (world) =>
      onCalm(world, (connection) => connection.stall(world.random.between(10, SHORT_STALL_MS))),
  },
  {
    name: "one direction stalls",
    profiles: HARMLESS,
    weight: 2,
    strike: (world) =>
      onCalm(world, ({ toServer, toClient }) =>
        world.random.pick([toServer, toClient]).stall(world.random.between(10, SHORT_STALL_MS)),
      ),
  },
  {
    name: "slow",
    profiles: HARMLESS,
    weight: 2,
    strike: (world) =>
      onCalm(world, (connection) => {
        connection.slow(world.random.between(1, 150));
        world.later(world.random.between(500, 5000), () => connection.slow(0));
      }),
  },
];

/** What happens to the network that may make members give each other up. */
export const PARTITION_FAULTS: readonly Fault[] = [
  {
    name: "long stall",
    profiles: HARSH,
    weight: 1,
    strike: (world) =>
      onConnection(world, (connection) => {
        const ms = world.random.between(2500, 10_000);
        blameBrokersOf(world, [connection.client.process, connection.server.process], ms);
        connection.stall(ms);
      }),
  },
  {
    name: "swallowed connection",
    profiles: HARSH,
    weight: 1,
    strike: (world) =>
      onConnection(world, (connection) => {
        blameBrokersOf(world, [connection.client.process, connection.server.process], SHORT_STALL_MS);
        connection.swallow();
      }),
  },
  { name: "one-sided partition", profiles: HARSH, weight: 2, strike: (world) => part(world, false) },
  { name: "partition", profiles: HARSH, weight: 2, strike: (world) => part(world, true) },
];

/** On a connection that had no trouble lately. */
function onCalm(world: World, what: (connection: Connection) => void): string | undefined {
  return onConnection(world, what, (connection) => mayTrouble(world, connection));
}

function mayTrouble({ ledger }: World, { client, server }: Connection): boolean {
  return ledger.mayTrouble(client.process, server.process);
}

function onConnection(
  world: World,
  what: (connection: Connection) => void,
  isFit: (connection: Connection) => boolean = () => true,
): string | undefined {
  const connection = world.random.maybe(world.network.connections);
  if (connection !== undefined && !isFit(connection)) return undefined;
  if (connection === undefined) return undefined;
  what(connection);
  return `${connection.client.process.name} - ${connection.server.process.name} (${connection.protocol})`;
}

function part(world: World, isWhole: boolean): string | undefined {
  const members = [...world.states, ...world.brokers, ...world.workers];
  const one = world.random.maybe(members);
  const other = world.random.maybe(members.filter((member) => member !== one));
  if (one === undefined || other === undefined) return undefined;
  const ms = world.random.between(200, 12_000);
  blameBrokersOf(world, [one.process, other.process], ms);
  const ways = [world.network.block(one.process, other.process)];
  if (isWhole) ways.push(world.network.block(other.process, one.process));
  world.later(ms, () => {
    for (const unblock of ways) unblock();
  });
  return `${one.process.name} ${isWhole ? "and" : "to"} ${other.process.name}`;
}

/** Of two brokers that cannot reach each other one has to go; of a broker and somebody else neither. */
function blameBrokersOf(
  { brokers, ledger }: World,
  [one, other]: readonly [Process, Process],
  ms: number,
): void {
  const isBroker = (process: Process): boolean => brokers.some((broker) => broker.process === process);
  if (isBroker(one) && isBroker(other)) {
    ledger.blame(one, ms);
    ledger.blame(other, ms);
  } else if (isBroker(one)) ledger.reproach(one, other, ms);
  else if (isBroker(other)) ledger.reproach(other, one, ms);
}
