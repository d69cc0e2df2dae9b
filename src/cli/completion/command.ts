import { Argument, Command } from "commander";

const HELP = `
bash:  source <(scc completion bash)        in ~/.bashrc
zsh:   source <(scc completion zsh)         in ~/.zshrc, behind compinit
fish:  scc completion fish | source         in ~/.config/fish/config.fish

Examples:
  scc completion bash > /etc/bash_completion.d/scc`;

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** `scc completion <shell>`. @param whole makes the program with all its commands */
export function completionCommand(whole: () => Promise<Command>): Command {
  return new Command("completion")
    .description("Prints a script that completes commands and flags in a shell.")
    .addArgument(new Argument("<shell>", "which one").choices(SHELLS))
    .addHelpText("after", HELP)
    .action(async (shell: Shell) => {
      const { wordsOf } = await import("./words.ts");
      process.stdout.write(await scriptFor(shell, wordsOf(await whole())));
    });
}

async function scriptFor(shell: Shell, words: readonly import("./words.ts").CommandWord[]) {
  if (shell === "bash") return (await import("./bash.ts")).bashScript(words);
  if (shell === "zsh") return (await import("./zsh.ts")).zshScript(words);
  return (await import("./fish.ts")).fishScript(words);
}
