import type { Profile } from "../plan.ts";
import type { Process } from "../process.ts";
import type { World } from "../world.ts";
import type { Fault } from "./fault.ts";

const PROFILES: readonly Profile[] = ["members", "all"];
const MOST_BROKERS = 5;
const MOST_WORKERS = 4;
/** From here on others may notice that a process stands still: newcomers wait for as long as their grace, ms. */
const NOTICED_MS = 800;

/** Members that come, go, crash and stand still. */
export const MEMBER_FAULTS: readonly Fault[] = [
  { name: "a broker crashes", profiles: PROFILES, weight: 3, strike: crashBroker },
  {
    name: "a broker leaves",
    profiles: PROFILES,
    weight: 2,
    strike(world) {
      const broker = world.random.maybe(world.brokers.filter(({ process }) => process.isRunning));
      if (broker === undefined || world.brokers.length < 2) return undefined;
      world.ledger.gone(broker.service.instanceId);
      broker.leave();
      return broker.process.name;
    },
  },
  {
    name: "a broker comes",
    profiles: PROFILES,
    weight: 3,
    strike(world) {
      const taken = new Set(world.brokers.map((broker) => broker.process.place));
      const index = world.random.maybe(places(MOST_BROKERS).filter((place) => !taken.has(place)));
      return index === undefined ? undefined : world.startBroker(index).process.name;
    },
  },
  {
    name: "a broker stands still",
    profiles: PROFILES,
    weight: 2,
    strike(world) {
      const broker = world.random.maybe(world.brokers);
      if (broker === undefined) return undefined;
      const ms = standStill(world, broker.process);
      return `${broker.process.name} for ${Math.round(ms)} ms`;
    },
  },
  {
    name: "a worker crashes",
    profiles: PROFILES,
    weight: 1,
    strike(world) {
      const worker = world.random.maybe(world.workers);
      if (worker === undefined) return undefined;
      const index = worker.process.place;
      world.ledger.failed(worker.process.name);
      if (world.random.chance(0.3)) world.network.loseHost(worker.process);
      else worker.process.kill();
      world.later(world.random.between(0, 5000), () => {
        if (!world.workers.some((each) => each.process.place === index))
          world.startWorker(index).clients.start();
      });
      return worker.process.name;
    },
  },
  {
    name: "a worker leaves",
    profiles: PROFILES,
    weight: 1,
    strike(world) {
      const worker = world.random.maybe(world.workers.filter(({ process }) => process.isRunning));
      if (worker === undefined || world.workers.length < 2) return undefined;
      worker.leave();
      return worker.process.name;
    },
  },
  {
    name: "a worker comes",
    profiles: PROFILES,
    weight: 1,
    strike(world) {
      const taken = new Set(world.workers.map((worker) => worker.process.place));
      const index = world.random.maybe(places(MOST_WORKERS).filter((place) => !taken.has(place)));
      if (index === undefined) return undefined;
      const worker = world.startWorker(index);
      worker.clients.start();
      return worker.process.name;
    },
  },
  {
    name: "a worker stands still",
    profiles: PROFILES,
    weight: 1,
    strike(world) {
      const worker = world.random.maybe(world.workers);
      return worker && `${worker.process.name} for ${Math.round(standStill(world, worker.process))} ms`;
    },
  },
];

function crashBroker(world: World): string | undefined {
  const broker = world.random.maybe(world.brokers);
  if (broker === undefined) return undefined;
  const index = broker.process.place;
  world.ledger.failed(broker.process.name);
  const isHostLost = world.random.chance(0.3);
  if (isHostLost) world.network.loseHost(broker.process);
  else broker.process.kill();
  const comesBack = world.brokers.length === 0 || world.random.chance(0.6);
  if (comesBack) {
    world.later(world.random.between(0, 6000), () => {
      if (!world.brokers.some((each) => each.process.place === index)) world.startBroker(index);
    });
  }
  return `${broker.process.name}${isHostLost ? " with its host" : ""}`;
}

function standStill(world: World, process: Process): number {
  const ms = world.random.chance(0.5) ? world.random.between(50, 2000) : world.random.between(2500, 15_000);
  process.freeze();
  if (ms > NOTICED_MS) {
    world.ledger.failed(process.name);
    world.ledger.blame(process, ms);
  }
  world.later(ms, () => process.wake());
  return ms;
}

function places(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
