import { execFileSync } from "node:child_process";
import { Command, Option } from "commander";
import { describe, expect, it } from "vitest";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { wordsOf } from "./words.ts";
import { zshScript } from "./zsh.ts";

function program(): Command {
  const make = new Command("make")
    .summary("it's made. And more")
    .addOption(new Option("--algorithm <name>", "how [it]: is signed").choices(["HS256", "ES256"]))
    .option("--key-file <file>", "key")
    .option("--json", "print JSON");
  const token = new Command("token").addCommand(make);
  const worker = new Command("worker").argument("[module]").option("--port <value>", "port");
  return new Command("scc").addCommand(token).addCommand(worker).option("--version", "version");
}

/** What bash offers for a line whose last word is being typed. */
function offered(...line: string[]): string[] {
  const test = `${bashScript(wordsOf(program()))}
compopt() { :; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _scc; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const printed = execFileSync("bash", ["-c", test, "bash", ...line], { encoding: "utf8" });
  return printed.split("\n").filter((word) => word !== "");
}

describe("Completion", () => {
  it("offers commands, commands below them, and their flags, in bash", () => {
    expect(offered("scc", "")).toEqual(["token", "worker", "--version", "--help"]);
    expect(offered("scc", "to")).toEqual(["token"]);
    expect(offered("scc", "token", "")).toEqual(["make", "--help"]);
    expect(offered("scc", "token", "make", "--")).toEqual(["--algorithm", "--key-file", "--json", "--help"]);
    expect(offered("scc", "--version", "worker", "--p")).toEqual(["--port"]);
  });

  it("offers values behind flags that take them, and nothing behind those whose values it does not know", () => {
    expect(offered("scc", "token", "make", "--algorithm", "")).toEqual(["HS256", "ES256"]);
    expect(offered("scc", "worker", "--port", "")).toEqual([]);
    expect(offered("scc", "token", "make", "--key-file", "package.j")).toEqual(["package.json"]);
    expect(offered("scc", "worker", "package.j")).toEqual(["package.json"]);
  });

  it("is quoted for zsh and fish", () => {
    const words = wordsOf(program());

    expect(zshScript(words)).toContain("'--algorithm[how  it   is signed]:value:(HS256 ES256)'");
    expect(fishScript(words)).toContain(
      "complete -c scc -n '__scc_at token make' -l algorithm -x -a 'HS256 ES256' -d 'how [it]: is signed'",
    );
    expect(fishScript(words)).toContain("complete -c scc -n '__scc_start' -a 'worker'");
  });
});
