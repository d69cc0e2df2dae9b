import type { RingVersion } from "../../../src/pubsub/version.ts";
import type { MakeChecker } from "../checker.ts";
import type { Holdings } from "../holdings.ts";
import type { RingExcuses } from "../ring-excuses.ts";
import { withinBounds } from "./bounds.ts";
import { movesItsShare } from "./changes.ts";
import { comesToRest } from "./convergence.ts";
import { heldTwice } from "./copies.ts";
import { keepsAll } from "./logs.ts";
import { endsOnce, noNeedlessTimeout } from "./publishes.ts";
import { offsetsName, sequencesGrow } from "./records.ts";
import { ringsGrow } from "./rings.ts";
import { servesAlone } from "./serving.ts";
import {
  type GapExcuse,
  noHoles,
  noNeedlessGap,
  onceInOrder,
  subscribedIsSubscribed,
} from "./subscriptions.ts";

/** What a world knows of itself, as far as checkers need it. */
export interface Known {
  readonly rings: RingExcuses;
  readonly holdings: Holdings;
  /** Whether its faults may last longer than a publish waits. */
  readonly mayTimeOut: boolean;
  /** Whether gaps are no finding, whatever their reason. */
  readonly allowGaps: boolean;
  readonly isTailFull: GapExcuse["isTailFull"];
}

/** The checkers of all invariants. */
export function checkersOf({ rings, holdings, mayTimeOut, allowGaps, isTailFull }: Known): MakeChecker[] {
  const isLossy = {
    now: () => rings.mayGap,
    under: (version: RingVersion, after: RingVersion | undefined) => rings.wasLossy(version, after),
  };
  return [
    () => rings,
    () => holdings,
    ringsGrow,
    servesAlone(holdings),
    offsetsName,
    heldTwice(holdings),
    keepsAll(holdings, isLossy),
    noHoles,
    sequencesGrow,
    onceInOrder,
    endsOnce,
    noNeedlessTimeout(() => mayTimeOut),
    withinBounds,
    subscribedIsSubscribed((text) => rings.isLost(text)),
    noNeedlessGap({ ...isLossy, now: () => allowGaps || rings.mayGap, isTailFull }),
    comesToRest,
    movesItsShare,
  ];
}
