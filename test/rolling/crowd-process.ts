import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Crowd } from "./crowd.ts";
import type { Answer, CrowdOptions, CrowdOutcome, Order, Progress } from "./crowd-messages.ts";

const SELF = fileURLToPath(import.meta.url);
const TOLD_EVERY_MS = 1000;

/** The clients, in a process of their own: what the kubelet and the ingress do must not slow down what is measured. */
export class CrowdProcess {
  readonly #child: ChildProcess;
  #progress: Progress = { sent: 0, acknowledged: 0, delivered: 0, subscribed: 0 };

  constructor() {
    this.#child = fork(SELF, ["crowd"], { execArgv: process.execArgv });
    this.#child.on("message", (answer: Answer) => {
      if (answer.kind === "progress") this.#progress = answer.progress;
    });
  }

  get progress(): Progress {
    return this.#progress;
  }

  /** Resolves when all are connected and subscribed. @throws {Error} if that takes too long */
  async connect(options: CrowdOptions): Promise<void> {
    await this.#ask({ kind: "connect", options });
  }

  async publish(): Promise<void> {
    await this.#ask({ kind: "publish" });
  }

  async finish(): Promise<CrowdOutcome> {
    const answer = await this.#ask({ kind: "finish" });
    if (answer.kind !== "outcome")
      throw new Error(`The clients answered ${answer.kind} instead of an outcome`);
    return answer.outcome;
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }

  #ask(order: Order): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const answered = (answer: Answer): void => {
        if (answer.kind === "progress") return;
        this.#child.off("message", answered);
        this.#child.off("exit", died);
        if (answer.kind === "failed") reject(new Error(answer.reason));
        else resolve(answer);
      };
      const died = (code: number | null, signal: string | null): void =>
        reject(new Error(`The clients' process ended: ${signal ?? code}`));
      this.#child.on("message", answered);
      this.#child.once("exit", died);
      this.#child.send(order);
    });
  }
}

function say(answer: Answer): void {
  process.send?.(answer);
}

async function obey(order: Order, crowd: Crowd | undefined): Promise<Crowd> {
  if (order.kind === "connect") {
    const created = new Crowd(order.options);
    setInterval(() => say({ kind: "progress", progress: created.progress }), TOLD_EVERY_MS);
    await created.connect();
    say({ kind: "done" });
    return created;
  }
  if (crowd === undefined) throw new Error("Nobody is connected");
  if (order.kind === "publish") {
    crowd.publish();
    say({ kind: "done" });
  } else say({ kind: "outcome", outcome: await crowd.finish() });
  return crowd;
}

if (process.argv[1] === SELF && process.argv[2] === "crowd") {
  let crowd: Crowd | undefined;
  process.on("message", (order: Order) => {
    obey(order, crowd).then(
      (created) => {
        crowd = created;
      },
      (error: unknown) => say({ kind: "failed", reason: String(error) }),
    );
  });
  process.on("disconnect", () => process.exit());
  // Ctrl-C in a terminal reaches this process, too, and its parent decides.
  process.on("SIGINT", () => {});
}
