import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/**
 * Where a fault of this program ends that the input of one connection brought up: with that connection, logged and
 * counted, and with nothing else. Who reads what others send catches what that throws and hands it to
 * `faults.contain`. What may be contained so, and what may not, stands in docs/decisions.md.
 */

/** Who read what led to the fault. */
export const READERS = ["member", "upgrade", "http", "upstream", "dashboard"] as const;
export type Reader = (typeof READERS)[number];

/**
 * A change that must happen as a whole has stopped halfway: what this process would do from here on could break
 * promises. It passes through every reader and ends the process; others take over.
 */
export class BrokenStateError extends Error {
  override readonly name = "BrokenStateError";

  constructor(what: string, cause: unknown) {
    super(`${what} stopped halfway: ${cause instanceof Error ? (cause.stack ?? cause.message) : cause}`, {
      cause,
    });
  }
}

/** Faults of this process since the start, and who is told of them. */
export class Faults {
  /** By who read. Metrics show them. */
  readonly counts: Record<Reader, number> = { member: 0, upgrade: 0, http: 0, upstream: 0, dashboard: 0 };
  /** Is told of each; by default the process warns. */
  told: (reader: Reader, error: unknown) => void = (_reader, error) =>
    process.emitWarning(error instanceof Error ? error : String(error));

  /**
   * Notes what the input of one connection brought up. Its caller ends that connection.
   *
   * @throws {BrokenStateError} if it is one: nobody can contain that
   */
  contain(reader: Reader, error: unknown): void {
    if (error instanceof BrokenStateError) throw error;
    this.counts[reader] += 1;
    this.told(reader, error);
  }
}

/** One per process, as its metrics are. */
export const faults = new Faults();

/** Runs what somebody's input leads to, now or later. @returns whether nothing had to be contained */
export function attempt(reader: Reader, task: () => void): boolean {
  try {
    task();
    return true;
  } catch (error) {
    faults.contain(reader, error);
    return false;
  }
}

/** The reason that the other side of a connection is given: what went wrong is in this process's log. */
export const FAULT = "a fault of this program";

/** Says faults in the log, where the same line is said so often at most, and counts them at /metrics. */
export function tellOfFaults(log: Logger, metrics: Metrics): void {
  faults.told = (reader, error) => {
    const stack = error instanceof Error ? error.stack : undefined;
    log.error("a fault of this program ended a connection", { reader, error, stack });
  };
  metrics.counters(
    "scc_faults_total",
    "Connections that a fault of this program ended, by who read from them; each is a bug",
    "reader",
    () => faults.counts,
  );
}

/** Answers an HTTP server's requests. What answering one throws is answered 500. */
export function onRequest(
  server: Pick<Server, "on">,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    answerSafely(response, () => answer(request, response));
  });
}

/** Answers one request. @returns what `answer` does; true if it threw, since that is an answer too: 500 */
export function answerSafely<T>(response: ServerResponse, answer: () => T): T | true {
  try {
    return answer();
  } catch (error) {
    faults.contain("http", error);
    if (response.headersSent) response.destroy();
    else response.writeHead(500, { connection: "close" }).end(`${FAULT}\n`);
    return true;
  }
}

/** Takes an HTTP server's upgrades. What taking one throws ends its connection. */
export function onUpgrade(server: { on(event: "upgrade", listener: Upgrade): unknown }, take: Upgrade): void {
  server.on("upgrade", (request, socket, head) => {
    try {
      take(request, socket, head);
    } catch (error) {
      faults.contain("upgrade", error);
      socket.destroy();
    }
  });
}

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
