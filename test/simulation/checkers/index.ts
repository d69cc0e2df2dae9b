import type { MakeChecker } from "../checker.ts";
import { withinBounds } from "./bounds.ts";
import { movesItsShare } from "./changes.ts";
import { comesToRest } from "./convergence.ts";
import { endsOnce } from "./publishes.ts";
import { offsetsName, sequencesGrow } from "./records.ts";
import { ringsGrow } from "./rings.ts";
import { noHoles, onceInOrder } from "./subscriptions.ts";

/** Those that hold in every world. */
export const CHECKERS: readonly MakeChecker[] = [
  ringsGrow,
  offsetsName,
  noHoles,
  sequencesGrow,
  onceInOrder,
  endsOnce,
  withinBounds,
  comesToRest,
  movesItsShare,
];
