import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { LoadError } from "../load-error.ts";
import type { Outcome } from "../measure/outcome.ts";
import type { GeneratorProgress } from "./generator.ts";
import type { FromGenerator, ToGenerator } from "./generator-process.ts";
import type { Part } from "./part.ts";
import type { Step, TeamMember } from "./team.ts";

const PROGRAM = fileURLToPath(new URL("./generator-process.js", import.meta.url));
const END_WITHIN_MS = 5000;

interface Waiting {
  readonly resolve: (outcome: Outcome | undefined) => void;
  readonly reject: (error: LoadError) => void;
}

/** A generator in a process of its own. */
export class ForkedMember implements TeamMember {
  readonly failed: Promise<never>;
  progress: GeneratorProgress = { connections: 0, published: 0, delivered: 0, failure: undefined };
  readonly #child: ChildProcess;
  #fail: (error: LoadError) => void = () => {};
  #waiting: Waiting | undefined;
  #step: Step | undefined;
  #ended = false;

  /** @param program what is run, which speaks as `generator-process.ts` does */
  constructor(part: Part, number: number, program = PROGRAM) {
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Whoever does not look at it now hears of it from the step that it is taking.
    this.failed.catch(() => {});
    this.#child = fork(program, [], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#child.on("message", (message) => this.#hear(message as FromGenerator));
    this.#child.once("error", (error) =>
      this.#lost(`Generator ${number} cannot be started: ${error.message}`),
    );
    this.#child.once("exit", (code, signal) => {
      const during = this.#step === undefined ? "" : ` during "${this.#step}"`;
      this.#lost(`Generator ${number} ended${during} (${signal ?? `exit code ${code}`})`);
    });
    this.#say({ kind: "part", part });
  }

  async take(step: Step): Promise<Outcome | undefined> {
    if (step === "end") return await this.#end();
    this.#step = step;
    const answer = new Promise<Outcome | undefined>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    this.#say({ kind: "step", step });
    return await Promise.race([answer, this.failed]);
  }

  async #end(): Promise<undefined> {
    this.#ended = true;
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null || this.#child.pid === undefined) return undefined;
    const gone = once(this.#child, "exit");
    const late = setTimeout(() => this.#child.kill("SIGKILL"), END_WITHIN_MS);
    // It closes its connections, and ends, when nobody talks with it any more.
    if (this.#child.connected) this.#child.disconnect();
    await gone;
    clearTimeout(late);
    return undefined;
  }

  #hear(message: FromGenerator): void {
    switch (message.kind) {
      case "progress":
        this.progress = message.progress;
        return;
      case "failed":
        this.#waiting?.reject(new LoadError(message.reason));
        return;
      case "done":
        this.#waiting?.resolve(message.outcome);
    }
  }

  #say(message: ToGenerator): void {
    this.#child.send(message, (error) => {
      if (error !== null) this.#lost(`A generator cannot be told what to do: ${error.message}`);
    });
  }

  #lost(reason: string): void {
    if (!this.#ended) this.#fail(new LoadError(reason));
  }
}
