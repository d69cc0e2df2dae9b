import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";

const MOST = 100;

const HELP = `
It listens on this machine only, unless --host says otherwise. Ports count up from the first of each kind:
  scc-state     7777   SCC_STATE_SERVER_PORT
  scc-broker    8888   SCC_BROKER_SERVER_PORT
  scc-worker    8000   SOCKETCLUSTER_PORT
  metrics              SCC_METRICS_PORT (0: none; without it, 1000 above each service's port)
All other variables reach the services: see scc help state, scc help broker and scc help worker.

Services that die are started again. Ctrl-C stops everything gracefully, a second Ctrl-C at once.

Examples:
  scc up                               two brokers, and two workers on http://localhost:8000 and :8001
  scc up app.js                        the workers run your module
  scc up --workers 4 --brokers 3
  SOCKETCLUSTER_PORT=9100 scc up       workers from port 9100
  scc up --host 0.0.0.0                reachable from other machines
  scc up | cat                         plain lines and the services' whole log`;

/** `scc up` */
export function upCommand(env: NodeJS.ProcessEnv): Command {
  return new Command("up")
    .description("Starts a whole cluster on this machine: scc-state, brokers and workers, each a process.")
    .argument("[module]", "a JavaScript module for the workers (see scc help worker)")
    .option("--workers <count>", "number of workers", count, 2)
    .option("--brokers <count>", "number of brokers", count, 2)
    .option("--host <address>", "address to listen on (SCC_HOST; default 127.0.0.1)")
    .option("--verbose", "in a terminal, show the services' whole log, not only warnings and errors")
    .addHelpText("after", HELP)
    .action(async (module: string | undefined, { workers, brokers, host, verbose = false }: UpFlags) => {
      const { runUp } = await import("./run.ts");
      const entry = fileURLToPath(new URL("../main.js", import.meta.url));
      // Not left to the event loop: what a module has started may hold our pipes open.
      process.exit(await runUp({ workers, brokers, host, module, verbose }, entry, env));
    });
}

interface UpFlags {
  readonly workers: number;
  readonly brokers: number;
  readonly host?: string;
  readonly verbose?: boolean;
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= MOST) return value;
  throw new InvalidArgumentError(`Expected an integer from 1 to ${MOST}.`);
}
