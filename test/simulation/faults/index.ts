import type { Fault } from "./fault.ts";
import { LINK_FAULTS, PARTITION_FAULTS } from "./links.ts";
import { MEMBER_FAULTS } from "./members.ts";
import { STATE_FAULTS } from "./state.ts";

export const FAULTS: readonly Fault[] = [
  ...LINK_FAULTS,
  ...PARTITION_FAULTS,
  ...STATE_FAULTS,
  ...MEMBER_FAULTS,
];
