import type { Outcome } from "../measure/outcome.ts";
import { Generator, type GeneratorProgress } from "./generator.ts";
import type { Part } from "./part.ts";

/** What a generator is told to do, in this order; each step is told again only to another generator. */
export type Step = "connect" | "start" | "openWindow" | "closeWindow" | "drain" | "end";

/** One generator, in this process or in another. */
export interface TeamMember {
  /** Rejects when the generator fails or dies, whatever it is doing; never resolves. */
  readonly failed: Promise<never>;
  readonly progress: GeneratorProgress;
  /** Does a step. @returns what was measured, of `drain` */
  take(step: Step): Promise<Outcome | undefined>;
}

/** Does one step. */
export async function takeStep(generator: Generator, step: Step): Promise<Outcome | undefined> {
  switch (step) {
    case "connect":
    case "end":
      await generator[step]();
      return undefined;
    case "drain":
      return await generator.drain();
    default:
      generator[step]();
      return undefined;
  }
}

/** The generator of a load that one process makes alone. */
export class LocalMember implements TeamMember {
  readonly failed: Promise<never> = new Promise(() => {});
  readonly #generator: Generator;

  constructor(part: Part) {
    this.#generator = new Generator(part);
  }

  get progress(): GeneratorProgress {
    return this.#generator.progress;
  }

  take(step: Step): Promise<Outcome | undefined> {
    return takeStep(this.#generator, step);
  }
}
