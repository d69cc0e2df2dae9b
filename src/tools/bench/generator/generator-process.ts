import type { Outcome } from "../measure/outcome.ts";
import { Generator, type GeneratorProgress } from "./generator.ts";
import type { Part } from "./part.ts";
import { type Step, takeStep } from "./team.ts";

/** What the process that conducts a load says to one that makes a part of it. */
export type ToGenerator =
  | { readonly kind: "part"; readonly part: Part }
  | { readonly kind: "step"; readonly step: Step };

/** And what that answers: each step is done or has failed, and progress is told in between. */
export type FromGenerator =
  | { readonly kind: "done"; readonly outcome: Outcome | undefined }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "progress"; readonly progress: GeneratorProgress };

const PROGRESS_EVERY_MS = 200;

let generator: Generator | undefined;

function say(message: FromGenerator): void {
  if (process.connected) process.send?.(message);
}

async function hear(message: ToGenerator): Promise<void> {
  if (message.kind === "part") {
    generator = new Generator(message.part);
    return;
  }
  try {
    if (generator === undefined) throw new Error("A step came before the part");
    say({ kind: "done", outcome: await takeStep(generator, message.step) });
  } catch (error) {
    say({ kind: "failed", reason: (error as Error).message });
  }
}

process.on("message", (message) => hear(message as ToGenerator));
// The terminal sends Ctrl-C to all: the process that conducts decides when it is over.
process.on("SIGINT", () => {});
process.on("disconnect", async () => {
  await generator?.end();
  process.exit(0);
});
setInterval(() => {
  if (generator !== undefined) say({ kind: "progress", progress: generator.progress });
}, PROGRESS_EVERY_MS).unref();
