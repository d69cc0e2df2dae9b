import { Command, InvalidArgumentError } from "commander";

const HELP = `
Without a URL it asks at the ports of scc-state, scc-broker and scc-worker, as the environment sets them: in a container
one of them answers. Where several run beside each other, name the one that is meant.

Exit codes: 0 every service that answers is well, 1 one is not or none answers, 2 wrong usage.

Examples:
  scc health                                       the service in this container
  scc health http://localhost:8888                 this one: it is alive (/livez)
  scc health http://localhost:8000/readyz          and may be sent work`;

/** `scc health [url]` */
export function healthCommand(env: NodeJS.ProcessEnv): Command {
  return new Command("health")
    .description("Asks a running service whether it is well, for the health check of a container.")
    .argument("[url]", "a service; without a path /livez is asked", serviceUrl)
    .addHelpText("after", HELP)
    .action(async (url: URL | undefined) => {
      const { healthOf } = await import("./health.ts");
      const { servicesHere } = await import("./services.ts");
      const { healthy, report } = await healthOf(url === undefined ? servicesHere(env) : [url]);
      process.stdout.write(report);
      if (!healthy) process.exitCode = 1;
    });
}

function serviceUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new InvalidArgumentError(
      "Expected http://host:port or https://host:port, with a path if not /livez.",
    );
  }
  if (url.pathname === "/") url.pathname = "/livez";
  return url;
}
