import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Trouble } from "../../runtime/http/http.ts";
import type { Logger } from "../../runtime/log.ts";
import { adviceOn, describeExit, type Exit, Pauses } from "./exits.ts";
import { BEAT_MS, type PrimaryMessage, type ProcessMessage, SILENT_BEATS } from "./messages.ts";
import { groupTrouble, type SeatState } from "./readiness.ts";

/** One running process, as the primary handles it. */
export interface Child {
  readonly pid: number | undefined;
  /** A message to a process that is gone is lost. */
  send(message: PrimaryMessage): void;
  kill(signal: NodeJS.Signals): void;
}

export interface ChildEvents {
  said(message: ProcessMessage): void;
  /** Called once; the last event. */
  ended(exit: Exit): void;
}

export interface ProcessGroupOptions {
  /** Processes that should serve. */
  readonly count: number;
  /** Exit codes that are meant for the whole: no process takes the place of one that ended so. */
  readonly finalCodes: readonly number[];
  /** Starts the process for a seat. */
  readonly fork: (number: number, events: ChildEvents) => Child;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** A process answered a question about its metrics. */
  readonly metricsCame: (number: number, message: Extract<ProcessMessage, { type: "scc:metrics" }>) => void;
  /** A process is no more. */
  readonly gone: (number: number) => void;
  /** It is of no use to go on, because of how a process ended. Called at most once. */
  readonly failed: (exit: Exit) => void;
}

/** Own beats after which a silent process that serves is killed: 30 s, as liveness probes would. */
const HUNG_BEATS = 60;

interface Seat {
  readonly number: number;
  readonly pauses: Pauses;
  child: Child | undefined;
  /** Whether the process has said anything: before, it cannot know how to end gracefully. */
  introduced: boolean;
  /** When its port opened. */
  servesSince: number | undefined;
  everReady: boolean;
  trouble: Trouble;
  /** Own beats since it last said something. */
  silence: number;
}

/**
 * The processes behind one port, as many as there should be.
 *
 *     first one: forked -> serves          then the others: forked -> serves -> ended -> (pause) -> forked ...
 *
 * The first is started alone: what keeps it from serving would keep all of them, and is said once. One that
 * ends is replaced until the group stops. Knows no processes, channels or clocks: they are handed in.
 */
export class ProcessGroup {
  readonly #options: ProcessGroupOptions;
  readonly #seats: readonly Seat[];
  readonly #beat: Timer;
  readonly #timers = new Map<Seat, Timer>();
  #hasServed = false;
  #announced = false;
  #failed = false;
  #told: Trouble;
  #replaced = 0;
  #unclean = 0;
  #stopping: { readonly promise: Promise<void>; readonly done: () => void } | undefined;

  constructor(options: ProcessGroupOptions) {
    this.#options = options;
    this.#seats = Array.from({ length: options.count }, (_, index) => ({
      number: index + 1,
      pauses: new Pauses(options.random),
      child: undefined,
      introduced: false,
      servesSince: undefined,
      everReady: false,
      trouble: "not started yet",
      silence: 0,
    }));
    this.#told = this.trouble;
    this.#beat = options.clock.every(BEAT_MS, () => this.#beats());
  }

  /** Why no client should be sent here; undefined when all is well enough. */
  get trouble(): Trouble {
    return groupTrouble(this.#seats.map(stateOf), this.#stopping !== undefined);
  }

  get readyCount(): number {
    return this.#seats.filter((seat) => stateOf(seat).trouble === undefined).length;
  }

  /** Processes started in the place of others. */
  get replacedCount(): number {
    return this.#replaced;
  }

  /** The numbers of the processes that run and have said something. */
  get numbers(): number[] {
    return this.#seats.filter(({ child, introduced }) => child && introduced).map(({ number }) => number);
  }

  start(): void {
    const [first] = this.#seats;
    if (first) this.#fork(first);
  }

  /** Says something to one process, if it runs. */
  tell(number: number, message: PrimaryMessage): void {
    this.#seats[number - 1]?.child?.send(message);
  }

  /**
   * Lets all processes end gracefully, and starts no more.
   *
   * @returns when all have ended
   * @throws {Error} if not all of them ended cleanly
   */
  async stop(): Promise<void> {
    if (this.#stopping === undefined) {
      let done = (): void => {};
      const promise = new Promise<void>((resolve) => {
        done = resolve;
      });
      this.#stopping = { promise, done };
      for (const timer of this.#timers.values()) timer.cancel();
      for (const { child, introduced } of this.#seats) {
        if (introduced) child?.send({ type: "scc:stop" });
        else child?.kill("SIGTERM");
      }
      this.#settle();
    }
    await this.#stopping.promise;
    this.#beat.cancel();
    if (this.#unclean > 0) throw new Error(`${this.#unclean} processes did not end cleanly`);
  }

  /** Ends all processes at once. */
  kill(): void {
    for (const { child } of this.#seats) child?.kill("SIGKILL");
  }

  #fork(seat: Seat): void {
    this.#timers.delete(seat);
    Object.assign(seat, { introduced: false, servesSince: undefined, trouble: "starting", silence: 0 });
    seat.child = this.#options.fork(seat.number, {
      said: (message) => this.#said(seat, message),
      ended: (exit) => this.#ended(seat, exit),
    });
  }

  #said(seat: Seat, message: ProcessMessage): void {
    seat.silence = 0;
    const isNew = !seat.introduced;
    seat.introduced = true;
    if (message.type === "scc:metrics") {
      this.#options.metricsCame(seat.number, message);
      return;
    }
    seat.trouble = message.trouble;
    if (message.trouble === undefined) seat.everReady = true;
    if (message.serves && seat.servesSince === undefined) this.#serves(seat);
    if (this.trouble !== this.#told) this.#tell();
    // What it answers for the whole it must know before its port opens.
    else if (isNew) seat.child?.send({ type: "scc:group", trouble: this.#told });
  }

  #serves(seat: Seat): void {
    seat.servesSince = this.#options.clock.now();
    if (!this.#hasServed && !this.#stopping)
      for (const other of this.#seats) if (!other.child) this.#fork(other);
    this.#hasServed = true;
    if (this.#announced || this.#seats.some(({ servesSince }) => servesSince === undefined)) return;
    this.#announced = true;
    this.#options.log.info("all processes serve", { processes: this.#seats.length });
  }

  #ended(seat: Seat, exit: Exit): void {
    const { clock, log, finalCodes, failed, gone } = this.#options;
    const { child, servesSince, introduced } = seat;
    Object.assign(seat, { child: undefined, servesSince: undefined, trouble: describeEnd(exit) });
    gone(seat.number);
    if (this.#stopping) {
      if (!isClean(exit, introduced)) this.#unclean += 1;
      this.#settle();
      return;
    }
    const facts = { process: seat.number, pid: child?.pid, cause: describeExit(exit) };
    if (!this.#hasServed || finalCodes.includes(exit.code ?? 0)) {
      // One that ended by itself has said why.
      if (exit.code === null)
        log.error("the first process ended before it served", { ...facts, advice: adviceOn(exit) });
      if (!this.#failed) failed(exit);
      this.#failed = true;
      return;
    }
    const inMs = seat.pauses.next(servesSince === undefined ? 0 : clock.now() - servesSince);
    log.error("a process ended; another takes its place", { ...facts, inMs, advice: adviceOn(exit) });
    this.#replaced += 1;
    if (inMs === 0) this.#fork(seat);
    else
      this.#timers.set(
        seat,
        clock.after(inMs, () => this.#fork(seat)),
      );
    if (this.trouble !== this.#told) this.#tell();
  }

  #settle(): void {
    if (this.#seats.every(({ child }) => child === undefined)) this.#stopping?.done();
  }

  #beats(): void {
    for (const seat of this.#seats) {
      if (seat.child === undefined) continue;
      seat.silence += 1;
      if (seat.silence === HUNG_BEATS && seat.servesSince !== undefined) this.#endHung(seat);
    }
    this.#tell();
  }

  #endHung(seat: Seat): void {
    this.#options.log.error("a process does not answer any more, and is killed", {
      process: seat.number,
      pid: seat.child?.pid,
      advice: "its event loop stands still: look for endless loops and synchronous calls in the application",
    });
    seat.child?.kill("SIGKILL");
  }

  #tell(): void {
    this.#told = this.trouble;
    const news: PrimaryMessage = { type: "scc:group", trouble: this.#told };
    for (const { child, introduced } of this.#seats) if (introduced) child?.send(news);
  }
}

function stateOf({ number, everReady, trouble, silence, child }: Seat): SeatState {
  const isSilent = child !== undefined && trouble === undefined && silence > SILENT_BEATS;
  return { number, everReady, trouble: isSilent ? "it does not answer" : trouble };
}

function describeEnd(exit: Exit): string {
  return `ended (${describeExit(exit)}), another is to take its place`;
}

/** A process that is told to end before it can know how to simply dies of it, which harms nobody. */
function isClean({ code, signal }: Exit, introduced: boolean): boolean {
  return code === 0 || (!introduced && signal === "SIGTERM");
}
