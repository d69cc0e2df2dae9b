import type { Clock, Timer } from "../../src/runtime/clock.ts";
import { Turn } from "../../src/runtime/turn.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** What a process needs of its world. */
export interface ProcessWorld {
  readonly scheduler: Scheduler;
  /** A process ran some of its code. */
  ran(process: Process): void;
  /** Code of a process threw: a real one would have died of it. */
  threw(process: Process, error: unknown): void;
  /** Something resolved a promise: what waits for it must run before time goes on. */
  promised(process: Process): void;
}

/** What a process does: reads come before timers when it wakes from standing still. */
type Phase = "read" | "timer";

/** Most that a process works before its turn ends, ms; frames that come meanwhile belong to the same turn. */
const LONGEST_TURN_MS = 1;
/** How much faster or slower than another a clock may go. */
const DRIFT = 0.01;

/**
 * One life of one process: its clock, the turns of its event loop, and whether it runs, stands still (SIGSTOP)
 * or is dead (SIGKILL). Everything that is its code runs by `read` or a timer of its clock.
 */
export class Process {
  readonly name: string;
  readonly host: string;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly random: Random;
  readonly bornAt: number;
  readonly #world: ProcessWorld;
  readonly #rate: number;
  readonly #offset: number;
  readonly #turnEnds: (() => void)[] = [];
  #held: { readonly phase: Phase; readonly run: () => void }[] = [];
  #isAlive = true;
  #frozenAt: number | undefined;
  #frozenFor = 0;
  #turnEndPlanned = false;
  readonly #ends: (() => void)[] = [];

  constructor(name: string, host: string, world: ProcessWorld, random: Random) {
    this.name = name;
    this.host = host;
    this.random = random;
    this.bornAt = world.scheduler.now;
    this.#world = world;
    this.#rate = random.between(1 - DRIFT, 1 + DRIFT);
    this.#offset = random.between(0, 1e6);
    this.clock = {
      now: () => this.#now(),
      after: (ms, task) => this.#after(ms, task),
      every: (ms, task) => this.#every(ms, task),
    };
    this.turn = new Turn((run) => this.#turnEnds.push(run));
  }

  /** The number of its place: whoever is started there again has its address. */
  get place(): number {
    return Number(this.name.slice(1).split(".", 1)[0]);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isFrozen(): boolean {
    return this.#frozenAt !== undefined;
  }

  get isRunning(): boolean {
    return this.#isAlive && this.#frozenAt === undefined;
  }

  /** How long it has run so far, ms of the world: the time that it stood still does not count. */
  get ranFor(): number {
    const until = this.#frozenAt ?? this.#world.scheduler.now;
    return until - this.bornAt - this.#frozenFor;
  }

  /** Runs something that came to this process, now or when it goes on; a dead one does not notice. */
  read(run: () => void): void {
    this.#enter("read", run);
  }

  /** SIGSTOP. */
  freeze(): void {
    if (this.isRunning) this.#frozenAt = this.#world.scheduler.now;
  }

  /** SIGCONT: reads what waited, then looks at its timers. */
  wake(): void {
    if (!this.#isAlive || this.#frozenAt === undefined) return;
    this.#frozenFor += this.#world.scheduler.now - this.#frozenAt;
    this.#frozenAt = undefined;
    const held = this.#held;
    this.#held = [];
    for (const phase of ["read", "timer"] as const) {
      // Each is an event of its own: what one causes may come before the next.
      for (const waiting of held) {
        if (waiting.phase === phase) this.#world.scheduler.after(0, () => this.#enter(phase, waiting.run));
      }
    }
  }

  /** It is no more, from one step to the next. What it held is gone. */
  kill(): void {
    this.#isAlive = false;
    this.#frozenAt = undefined;
    this.#held = [];
    this.#turnEnds.length = 0;
    for (const end of this.#ends.splice(0)) end();
  }

  /** Wants to be told when the process is no more. */
  onEnd(listener: () => void): void {
    this.#ends.push(listener);
  }

  /** Something resolved a promise of this process. */
  promised(): void {
    this.#world.promised(this);
  }

  #now(): number {
    return this.#world.scheduler.now * this.#rate + this.#offset;
  }

  #after(ms: number, task: () => void): Timer {
    let isDue = true;
    const happening = this.#world.scheduler.after(ms / this.#rate, () =>
      this.#enter("timer", () => {
        // It may have been called off while the process stood still.
        if (!isDue) return;
        isDue = false;
        task();
      }),
    );
    const cancel = (): void => {
      isDue = false;
      happening.run = undefined;
    };
    return { cancel };
  }

  #every(ms: number, task: () => void): Timer {
    let timer: Timer;
    let isOn = true;
    const again = (): void => {
      task();
      if (isOn) timer = this.#after(ms, again);
    };
    timer = this.#after(ms, again);
    const cancel = (): void => {
      isOn = false;
      timer.cancel();
    };
    return { cancel };
  }

  #enter(phase: Phase, run: () => void): void {
    if (!this.#isAlive) return;
    if (this.#frozenAt !== undefined) {
      this.#held.push({ phase, run });
      return;
    }
    try {
      run();
      this.#planTurnEnd();
    } catch (error) {
      this.#world.threw(this, error);
    }
    this.#world.ran(this);
  }

  #planTurnEnd(): void {
    if (this.#turnEnds.length === 0 || this.#turnEndPlanned) return;
    if (this.random.chance(0.6)) this.#endTurn();
    // What the end of a turn adds belongs to the next one.
    if (this.#turnEnds.length === 0) return;
    this.#turnEndPlanned = true;
    this.#world.scheduler.after(this.random.between(0, LONGEST_TURN_MS), () =>
      this.#enter("read", () => {
        this.#turnEndPlanned = false;
        this.#endTurn();
      }),
    );
  }

  #endTurn(): void {
    for (const end of this.#turnEnds.splice(0)) end();
  }
}
