import type { Tally } from "../../src/tools/chaos/check/tally.ts";

export interface CrowdOptions {
  readonly host: string;
  readonly port: number;
  readonly clients: number;
  /** Of the clients, so many also publish. */
  readonly publishers: number;
  readonly channels: number;
  /** Messages a second, over all publishers. */
  readonly rate: number;
}

/** What the process with the clients is told. */
export type Order =
  | { readonly kind: "connect"; readonly options: CrowdOptions }
  | { readonly kind: "publish" }
  | { readonly kind: "finish" };

/** What it answers: `done` after `connect` and `publish`, `outcome` after `finish`. */
export type Answer =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "outcome"; readonly outcome: CrowdOutcome };

export interface Progress {
  readonly sent: number;
  readonly acknowledged: number;
  readonly delivered: number;
  /** Clients that are connected and subscribed. */
  readonly subscribed: number;
}

/** What came of it. Moments are ms since the first publish, durations ms. */
export interface CrowdOutcome {
  readonly tally: Tally;
  /** Acknowledged for so long, while a client was connected, and on their way when it was parted with; one per message. */
  readonly missedAtParting: readonly number[];
  /** Acknowledged, and left out although later ones came, before a client was parted with. */
  readonly leftOutAtParting: number;
  /** Acknowledged while a subscriber was between two workers. */
  readonly missedAway: number;
  /** When clients were parted with, and when they had a connection again. */
  readonly partings: readonly number[];
  readonly reconnects: readonly number[];
  /** From the end of a connection until the subscription was acknowledged again. */
  readonly comebacks: readonly number[];
  /** How often connections ended, by the code of the close. */
  readonly closeCodes: Readonly<Record<string, number>>;
  /** Tries to connect that failed, by the code of the close. */
  readonly aborted: Readonly<Record<string, number>>;
  readonly refusedSubscriptions: number;
  /** Clients that were not connected and subscribed at the end. */
  readonly missing: number;
  /** The most often that one client was moved. */
  readonly mostMoves: number;
  /** Due and not published: no publisher was connected, or this process stood still. */
  readonly heldBack: number;
  /** The longest time for which the clients' process stood still: what is measured can be longer by that. */
  readonly ownPauseMs: number;
}
