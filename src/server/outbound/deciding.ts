import type { DataForm } from "../../protocol/data-form.ts";
import type { Publication } from "../../pubsub/publication.ts";
import type { Turn } from "../../runtime/turn.ts";
import { SharedData } from "./publish-out.ts";

/** Bytes of long publications that middleware is shown in one turn of the event loop; of one longer than this, itself. */
const BYTES_PER_TURN = 1024 * 1024;

/** The publications that outbound middleware decides about now, for all connections: parsed once, shown in slices. */
export class Deciding {
  readonly #turn: Turn;
  readonly #shared = new Map<Publication, SharedData>();
  #waiting: { readonly bytes: number; readonly go: () => void }[] = [];
  #left = BYTES_PER_TURN;
  #isTurning = false;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** For one subscriber more. Each `enter` is followed by a `leave`. @param form how the data are read */
  enter(publication: Publication, form: DataForm): SharedData {
    let shared = this.#shared.get(publication);
    if (shared === undefined) {
      shared = new SharedData(publication, form);
      this.#shared.set(publication, shared);
    }
    shared.users += 1;
    return shared;
  }

  /** With the last subscriber goes what was parsed. */
  leave(shared: SharedData): void {
    shared.users -= 1;
    if (shared.users === 0) this.#shared.delete(shared.publication);
  }

  /**
   * Resolves when middleware may be shown it: what one publication costs, times all subscribers, must not be one
   * turn. In the order of the calls.
   */
  room({ publication: { bytes } }: SharedData): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#left > 0) {
      this.#take(bytes.length);
      return undefined;
    }
    return new Promise((go) => this.#waiting.push({ bytes: bytes.length, go }));
  }

  #take(bytes: number): void {
    this.#left -= bytes;
    if (this.#isTurning) return;
    this.#isTurning = true;
    void this.#turn.over().then(this.#next);
  }

  readonly #next = (): void => {
    this.#isTurning = false;
    this.#left = BYTES_PER_TURN;
    let started = 0;
    for (const { bytes, go } of this.#waiting) {
      if (this.#left <= 0) break;
      this.#take(bytes);
      started += 1;
      go();
    }
    this.#waiting = this.#waiting.slice(started);
  };
}
