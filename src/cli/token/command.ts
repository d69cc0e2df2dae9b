import { Command, InvalidArgumentError, Option } from "commander";

const DAY_S = 86_400;
const ALGORITHMS = ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const MORE_ALGORITHMS = ["ES256", "ES384", "ES512"];

const HELP = `
The key is the one that the workers have: --auth-key-file, else SOCKETCLUSTER_AUTH_KEY, else authKey (or
authPrivateKey and authPublicKey) in SOCKETCLUSTER_OPTIONS; both variables can be files, with _FILE behind their names.
It is not SCC_AUTH_KEY, which members of the cluster show each other. Keys and tokens are never given in flags, where
every user of the machine could read them.

Exit codes: 0 made, or good as far as can be known; 1 cannot be made, or not good; 2 wrong usage.

Examples:
  export SOCKETCLUSTER_AUTH_KEY=...
  scc token make '{"username":"ann"}'
  scc token make '{"username":"ann"}' --expires-in 3600 > ann.token
  scc token inspect --token-file ann.token
  scc token inspect --json < ann.token`;

/** `scc token make|inspect` */
export function tokenCommand(env: NodeJS.ProcessEnv): Command {
  return new Command("token")
    .description("Makes and inspects the JSON web tokens with which clients say who they are.")
    .addCommand(makeCommand(env))
    .addCommand(inspectCommand(env))
    .addHelpText("after", HELP);
}

const keyOption = (): Option =>
  new Option("--auth-key-file <file>", "the workers' key (SOCKETCLUSTER_AUTH_KEY)");

function makeCommand(env: NodeJS.ProcessEnv): Command {
  return new Command("make")
    .description("Prints a token.")
    .argument("<payload>", "what it says, a JSON object; -: standard input holds it")
    .addOption(
      new Option("--expires-in <seconds>", "how long it is good; 0: for ever")
        .argParser(seconds)
        .default(DAY_S),
    )
    .addOption(
      new Option("--algorithm <name>", "how it is signed").choices([...ALGORITHMS, ...MORE_ALGORITHMS]),
    )
    .addOption(keyOption())
    .action(async (payload: string, flags) => {
      const { runMake } = await import("./run.ts");
      await runMake(payload, flags, await world(env));
    });
}

function inspectCommand(env: NodeJS.ProcessEnv): Command {
  return new Command("inspect")
    .description(
      "Prints what a token says, and whether it is good if there is a key. It is SCC_TOKEN or on standard input.",
    )
    .option("--token-file <file>", "the token (SCC_TOKEN)")
    .addOption(keyOption())
    .option("--json", "print one JSON object")
    .action(async (flags) => {
      const { runInspect } = await import("./run.ts");
      const { output, ...rest } = await world(env);
      const isGood = await runInspect(flags, { ...rest, output });
      await output.flush();
      process.exit(isGood ? 0 : 1);
    });
}

async function world(env: NodeJS.ProcessEnv) {
  const { Output } = await import("../client/output.ts");
  return { env, stdin: process.stdin.setEncoding("utf8"), output: new Output(process.stdout) };
}

function seconds(text: string): number {
  const value = Number(text);
  if (text !== "" && Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("Expected seconds, an integer from 0.");
}
