export type EventKind = "good" | "plain" | "busy" | "bad";

/** Something that happened to the cluster, as it is shown. */
export interface ClusterEvent {
  /** Never used twice, also not by another scc-state. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: EventKind;
  /** What it was, in words. */
  readonly text: string;
}

/** Events that are kept. */
const KEPT = 200;
/** Characters of a text. */
const LONGEST = 300;

/** The newest events, 200 at most. */
export class EventList {
  readonly #stateId: string;
  readonly #wallClock: () => number;
  readonly #added: (event: ClusterEvent) => void;
  #events: ClusterEvent[] = [];
  #count = 0;

  /** @param wallClock milliseconds since 1970 @param added told of each new one */
  constructor(stateId: string, wallClock: () => number, added: (event: ClusterEvent) => void) {
    this.#stateId = stateId;
    this.#wallClock = wallClock;
    this.#added = added;
  }

  /** Oldest first. */
  get all(): readonly ClusterEvent[] {
    return this.#events;
  }

  add(kind: EventKind, text: string): void {
    this.#count += 1;
    const event = {
      id: `${this.#stateId}-${this.#count}`,
      at: this.#wallClock(),
      kind,
      text: text.slice(0, LONGEST),
    };
    this.#events.push(event);
    if (this.#events.length > KEPT) this.#events.shift();
    this.#added(event);
  }
}
