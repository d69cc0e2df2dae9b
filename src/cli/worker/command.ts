import type { Command } from "commander";
import { workerSettings } from "../../worker/config.ts";
import { serviceCommand } from "../service-command.ts";

const MODULE = `a JavaScript module that is your application:
export default ({ server, http, exchange }) => { ... }
It may be async, and may return a function to call at shutdown.
Without one the worker serves a demo page and plain pub/sub.`;

/** `scc worker [module]` */
export function workerCommand(env: NodeJS.ProcessEnv): Command {
  return serviceCommand({
    name: "worker",
    description:
      "Runs scc-worker: clients connect to it, publish and subscribe. Start as many as you like; all workers of " +
      "a cluster share their channels. Without --state-server-host it stands alone. With --processes several " +
      "processes, each with your application, share its port: clients are spread over them in turn.",
    settings: workerSettings,
    env,
    argument: { name: "module", doc: MODULE },
    examples: [
      "scc worker                                                   alone, on port 8000, with the demo page",
      "scc worker app.js                                            alone, with your application",
      "SCC_STATE_SERVER_HOST=10.0.0.7 scc worker app.js             in the cluster of that scc-state",
      "scc worker app.js --state-server-host ::1 --port 8001        a second one on the same machine",
      "scc worker app.js --state-server-host ::1 --processes auto   one that uses all processor cores",
    ],
    run: async (flags, module) => (await import("../../worker/start.ts")).startWorker(env, flags, module),
  });
}
