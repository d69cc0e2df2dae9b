import type { Life } from "./life.ts";
import type { Service } from "./service.ts";
import { nameOf, pagesOf, type View } from "./view.ts";

type Write = (text: string) => void;

/**
 * For pipes and files: one line per change, no escape codes, and what the services write is passed on as
 * it is (JSON lines that carry service and instance themselves).
 */
export class PlainView implements View {
  readonly #stdout: Write;
  readonly #stderr: Write;
  #services: readonly Service[] = [];

  constructor(stdout: Write, stderr: Write) {
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  show(services: readonly Service[]): void {
    this.#services = services;
  }

  changed(service: Service): void {
    this.#stdout(`${nameOf(service)} ${describeLife(service.life, performance.now())}\n`);
  }

  line(service: Service, line: string, stream: "stdout" | "stderr"): void {
    if (stream === "stdout") this.#stdout(`${line}\n`);
    else this.#stderr(`${nameOf(service)}: ${line}\n`);
  }

  ready(): void {
    this.#stdout(`cluster ready: open ${pagesOf(this.#services)}\n`);
  }

  close(): void {}
}

/** "ready (pid 71)", "restarting in 0.5s after SIGKILL". */
export function describeLife(life: Life, now: number): string {
  const { phase, pid, reason, restartAt } = life;
  if (phase === "restarting") {
    const seconds = Math.max(0, (restartAt ?? now) - now) / 1000;
    return `restarting in ${seconds.toFixed(1)}s after ${reason}`;
  }
  if (phase === "stopped") return reason === undefined ? "stopped" : `stopped (${reason})`;
  const why = reason === undefined ? "" : `: ${reason}`;
  return `${phase} (pid ${pid})${why}`;
}
