import cluster from "node:cluster";
import { AUTH_EXIT_CODE } from "../cluster/exit-on-auth-error.ts";
import { systemClock } from "../runtime/clock.ts";
import { ConfigError } from "../runtime/errors.ts";
import { serveMetrics } from "../runtime/http/http.ts";
import { closeOnSignals, Lifecycle } from "../runtime/lifecycle.ts";
import { createLogger } from "../runtime/log.ts";
import { Metrics } from "../runtime/metrics.ts";
import type { WorkerConfig } from "./config.ts";
import type { Exit } from "./processes/exits.ts";
import { type Child, type ChildEvents, ProcessGroup } from "./processes/group.ts";
import { GroupMetrics } from "./processes/group-metrics.ts";
import { parseProcessMessage } from "./processes/messages.ts";
import { seatVariable } from "./processes/seat.ts";

const KEEP_ALIVE_MS = 60_000;

/**
 * The primary of a worker that has several processes: starts them, hands them connections in turn, and serves no
 * client itself. It loads neither the application nor what serves clients.
 *
 * @param count processes that should serve
 * @throws {ConfigError} if they would not share channels
 */
export async function runPrimary(config: WorkerConfig, count: number): Promise<void> {
  if (config.stateServerHost === undefined) throw new ConfigError([ALONE(count)]);
  if (!cluster.isPrimary) throw new ConfigError([MANAGED]);
  const instance = String(config.port);
  const log = createLogger("scc-worker", instance, config.logLevel);
  const life = new Lifecycle(log);
  closeOnSignals(life, log, config.lameDuckMs + config.drainMs);

  const group: ProcessGroup = new ProcessGroup({
    count,
    finalCodes: [AUTH_EXIT_CODE],
    fork: (number, events) => fork(number, count, events),
    clock: systemClock,
    random: Math.random,
    log,
    metricsCame: (number, { question, families }) => metrics.came(number, question, families),
    gone: (number) => metrics.gone(number),
    failed: ({ code }: Exit) => {
      // What still runs is given its time, as after a signal; the code says what was wrong.
      void life.close(config.lameDuckMs + config.drainMs).then(() => process.exit(code ?? 1));
    },
  });
  // Whoever forces the primary to end means all of it. If it ends in any other way, the others notice and drain.
  process.on("exit", (code) => {
    if (life.closing && code !== 0) group.kill();
  });

  const own = new Metrics({ service: "scc-worker", instance });
  own.gauge("scc_worker_processes", "Processes that should serve", () => count);
  own.gauge("scc_worker_processes_ready", "Processes that are ready", () => group.readyCount);
  own.counter("scc_worker_processes_replaced_total", "Processes started in the place of dead ones", () => {
    return group.replacedCount;
  });
  const metrics = new GroupMetrics({
    own,
    clock: systemClock,
    numbers: () => group.numbers,
    ask: (number, question) => group.tell(number, { type: "scc:metrics?", question }),
  });
  life.opened("metrics", await serveMetrics({ registry: metrics }, config));

  // While none of the processes runs nothing else keeps the primary alive until it is time for the next.
  const alive = setInterval(() => {}, KEEP_ALIVE_MS);
  life.opened("alive", () => clearInterval(alive));
  life.opened("processes", () => group.stop());
  group.start();
  log.info("scc-worker starts its processes", { port: config.port, processes: count, primary: process.pid });
}

const ALONE = (count: number): string =>
  `SCC_WORKER_PROCESSES (--processes) asks for ${count} processes, and without SCC_STATE_SERVER_HOST they would not ` +
  "share channels: messages would not reach the clients of the others. Set SCC_STATE_SERVER_HOST " +
  "(--state-server-host) to join a cluster, try one on this machine with: scc up, or run one process";

const MANAGED =
  "SCC_WORKER_PROCESSES (--processes) cannot be had under a process manager that shares the port itself (such as " +
  "PM2's cluster mode): let it start one process only, in its fork mode";

function fork(number: number, count: number, events: ChildEvents): Child {
  const worker = cluster.fork(seatVariable({ number, count }));
  let hasEnded = false;
  const ended = (exit: Exit): void => {
    if (!hasEnded) events.ended(exit);
    hasEnded = true;
  };
  worker.on("message", (message: unknown) => {
    const parsed = parseProcessMessage(message);
    if (parsed && !hasEnded) events.said(parsed);
  });
  // Node may say in place of a number or a signal that there is none.
  worker.on("exit", (code: number | null, signal: NodeJS.Signals | null) => {
    ended({ code: signal ? null : code, signal: signal || null });
  });
  worker.on("error", () => {
    // Only one that could not even be started says nothing else.
    if (worker.process.pid === undefined) ended({ code: null, signal: null });
  });
  return {
    pid: worker.process.pid,
    // That a message could not be sent is told again, and better, by the process's end.
    send: (message) => void (worker.isConnected() && worker.send(message, undefined, () => {})),
    kill: (signal) => void worker.process.kill(signal),
  };
}
