import type { Socket } from "node:net";
import type { Direction, Weather } from "./fault.ts";
import { Lane } from "./lane.ts";

/** What may wait in one lane, bytes. Above it the sender is not read from, and its own buffers fill. */
const MOST_WAITING = 1024 * 1024;

/** One way: from one socket through a lane into the other. */
interface Way {
  readonly from: Socket;
  readonly to: Socket;
  readonly lane: Lane;
  timer: NodeJS.Timeout | undefined;
}

/** One connection through the proxy: two sockets, and a lane for each direction. */
export class Passage {
  /** The process that dialled, where it is known. */
  readonly dialler: string | undefined;
  readonly #ways: Readonly<Record<Direction, Way>>;
  readonly #closed: () => void;
  #isOver = false;

  /**
   * @param client end of the side that dialled
   * @param target end of the side that is dialled; may still be connecting
   * @param closed called once, when both ends are gone
   */
  constructor(client: Socket, target: Socket, dialler: string | undefined, closed: () => void) {
    this.dialler = dialler;
    this.#closed = closed;
    this.#ways = {
      up: { from: client, to: target, lane: new Lane(), timer: undefined },
      down: { from: target, to: client, lane: new Lane(), timer: undefined },
    };
  }

  /** Begins to pass bytes. */
  start(weather: Readonly<Record<Direction, Weather>>): void {
    this.change(weather);
    for (const way of Object.values(this.#ways)) this.#listen(way);
  }

  /** From now on it is like this. A connection that lost bytes ends as soon as it would pass them again. */
  change(weather: Readonly<Record<Direction, Weather>>): void {
    for (const direction of ["up", "down"] as const) {
      const { lane } = this.#ways[direction];
      if (lane.hasHole && !weather[direction].swallowed) return this.reset();
      lane.change(weather[direction], performance.now());
    }
    for (const way of Object.values(this.#ways)) this.#pass(way);
  }

  /** Breaks it, for both sides. */
  reset(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { from, timer } of Object.values(this.#ways)) {
      clearTimeout(timer);
      from.resetAndDestroy();
    }
    this.#closed();
  }

  #listen(way: Way): void {
    const { from, lane } = way;
    from.on("data", (bytes: Buffer) => {
      lane.arrive(bytes, performance.now(), Math.random());
      if (lane.waitingBytes > MOST_WAITING) from.pause();
      this.#pass(way);
    });
    from.on("end", () => this.#ended(way, "end"));
    // A reset is passed on as one: 'close' follows.
    let broken = false;
    from.on("error", () => {
      broken = true;
    });
    from.on("close", () => this.#ended(way, broken ? "reset" : "end"));
    way.to.on("drain", () => this.#pass(way));
    from.resume();
  }

  #ended(way: Way, kind: "end" | "reset"): void {
    if (this.#isOver) return;
    way.lane.end(kind, performance.now());
    this.#pass(way);
    if (Object.values(this.#ways).every(({ from }) => from.destroyed)) this.reset();
  }

  #pass(way: Way): void {
    if (this.#isOver) return;
    const { from, to, lane } = way;
    clearTimeout(way.timer);
    way.timer = undefined;
    if (to.writableNeedDrain) return;
    const { chunks, ending } = lane.pass(performance.now());
    for (const chunk of chunks) to.write(chunk);
    if (lane.waitingBytes <= MOST_WAITING && from.isPaused()) from.resume();
    if (ending === "reset") return this.reset();
    if (ending === "end") to.end();
    const nextAt = lane.nextAt(performance.now());
    if (nextAt === Infinity || to.writableNeedDrain) return;
    way.timer = setTimeout(() => this.#pass(way), Math.max(1, nextAt - performance.now()));
  }
}
