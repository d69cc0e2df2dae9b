import type { Profile } from "../plan.ts";
import type { Fault } from "./fault.ts";

const PROFILES: readonly Profile[] = ["state", "all"];
/** The number of an scc-state that somebody started beside the first. */
const SECOND = 2;

/** What happens to scc-state, which may be away at any time. */
export const STATE_FAULTS: readonly Fault[] = [
  {
    name: "scc-state crashes and is started again",
    profiles: PROFILES,
    weight: 2,
    strike(world) {
      const state = world.random.maybe(world.states);
      if (state === undefined) return undefined;
      const index = state.process.place;
      if (world.random.chance(0.3)) world.network.loseHost(state.process);
      else state.process.kill();
      world.later(world.random.between(0, 8000), () => {
        if (!world.states.some((each) => each.process.place === index)) world.startState(index);
      });
      return state.process.name;
    },
  },
  {
    name: "scc-state stands still",
    profiles: PROFILES,
    weight: 2,
    strike(world) {
      const state = world.random.maybe(world.states);
      if (state === undefined) return undefined;
      state.process.freeze();
      world.later(world.random.between(100, 12_000), () => state.process.wake());
      return state.process.name;
    },
  },
  {
    name: "a second scc-state",
    profiles: PROFILES,
    weight: 1,
    strike(world) {
      if (world.states.some((each) => each.process.place === SECOND)) return undefined;
      const { process } = world.startState(SECOND);
      world.later(world.random.between(1000, 10_000), () => process.kill());
      return process.name;
    },
  },
];
