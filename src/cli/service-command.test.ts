import { describe, expect, it } from "vitest";
import { type Flags, integer, text, toggle } from "../runtime/config/config.ts";
import { serviceCommand } from "./service-command.ts";

const settings = {
  port: { env: "SCC_BROKER_SERVER_PORT", ...integer(1, 65_535), fallback: 8888, doc: "port to listen on" },
  stateServerHost: { env: "SCC_STATE_SERVER_HOST", ...text(), doc: "host of scc-state" },
  exitOnAuthError: { env: "SCC_EXIT_ON_AUTH_ERROR", ...toggle(), fallback: false, doc: "exit when refused" },
};

describe("serviceCommand", () => {
  it("hands the flags that were given to the service, by the names of its settings", async () => {
    const { flags, argument } = await run("--broker-server-port", "0", "app.js", "--state-server-host=::1");

    expect(flags).toMatchObject({ port: "0", stateServerHost: "::1" });
    expect(flags.exitOnAuthError).toBeUndefined();
    expect(argument).toBe("app.js");
  });

  it("lets a switch stand alone, or say no", async () => {
    expect((await run("--exit-on-auth-error")).flags.exitOnAuthError).toBe("1");
    expect((await run("--exit-on-auth-error", "no")).flags.exitOnAuthError).toBe("no");
  });

  it("teaches every flag with its variable, its default and whether it is required", () => {
    const help = command(() => {})
      .configureHelp({ helpWidth: 200 })
      .helpInformation();

    expect(help).toMatch(
      /--broker-server-port <value> +port to listen on \(SCC_BROKER_SERVER_PORT; default 8888\)/,
    );
    expect(help).toMatch(
      /--state-server-host <value> +host of scc-state \(SCC_STATE_SERVER_HOST; required\)/,
    );
    expect(help).toMatch(
      /--exit-on-auth-error \[value\] +exit when refused \(SCC_EXIT_ON_AUTH_ERROR; default false\)/,
    );
  });

  it("refuses flags that it does not know, and more than one argument", async () => {
    await expect(run("--no-such-flag")).rejects.toThrow(/unknown option/);
    await expect(run("app.js", "more.js")).rejects.toThrow(/too many arguments/);
  });
});

type Started = (flags: Flags, argument: string | undefined) => void;

function command(started: Started) {
  return serviceCommand({
    name: "broker",
    description: "Runs scc-broker.",
    settings,
    env: {},
    argument: { name: "module", doc: "your application" },
    examples: ["scc broker    join the cluster"],
    run: async (flags, argument) => started(flags, argument),
  });
}

async function run(...args: string[]) {
  let result: { flags: Flags; argument: string | undefined } = { flags: {}, argument: undefined };
  await command((flags, argument) => {
    result = { flags, argument };
  })
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync(args, { from: "user" });
  return result;
}
