import { Command, Option } from "commander";
import { flagOf, type Setting } from "../../runtime/config/config.ts";
import { doctorSettings } from "../../tools/doctor/settings.ts";

const HELP = `
It looks from where it is started: run it where a member runs (kubectl exec, the machine of a worker) with that
member's environment, and it sees what that member sees. It asks scc-state for the members without joining, then
brokers and workers at the addresses that the cluster knows. It changes nothing and shows no key.

What is looked at: name resolution, ports, whether the key is accepted, certificates, whether the ring is settled,
readiness of brokers and workers, releases, clocks, how many files a process may open here.

Exit codes: 0 nothing failed (there may be warnings), 1 something did, 2 wrong usage.

Examples:
  scc doctor                                        the cluster on this machine
  scc doctor --state-server-host scc-state          as a member in Kubernetes sees it
  kubectl exec deploy/scc-worker -- scc doctor      with that worker's own settings
  scc doctor --json | jq '.findings[] | select(.status != "ok")'`;

/** `scc doctor` */
export function doctorCommand(env: NodeJS.ProcessEnv): Command {
  const command = new Command("doctor").description(
    "Looks at a running cluster from here, and says what is wrong, why, and what to do about it.",
  );
  const options = Object.entries(doctorSettings).map(([key, setting]) => ({
    key,
    option: optionFor(setting),
  }));
  for (const { option } of options) command.addOption(option);
  command.option("--json", "print one JSON object, and nothing else");
  return command.addHelpText("after", HELP).action(async () => {
    const given: Readonly<Record<string, string | true | undefined>> = command.opts();
    const flags = Object.fromEntries(
      options.map(({ key, option }) => {
        const value = given[option.attributeName()];
        return [key, value === true ? "1" : value];
      }),
    );
    const { runDoctor } = await import("./run.ts");
    // Not left to the event loop: connections that do not end would hold it.
    process.exit(await runDoctor(env, flags, given.json === true));
  });
}

function optionFor(setting: Setting<unknown>): Option {
  const { env, doc, fallback } = setting;
  const value = typeof fallback === "boolean" ? "[value]" : "<value>";
  const shown = fallback === undefined ? env : `${env}; default ${String(fallback)}`;
  // A default of Commander's would look like a flag and win over the variable.
  return new Option(`${flagOf(setting)} ${value}`, `${doc} (${shown})`);
}
