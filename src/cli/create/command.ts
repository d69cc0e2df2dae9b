import { Command } from "commander";

const HELP = `
It writes files and installs nothing: a chat with its rules, a page, tests, types, and a Dockerfile.

Examples:
  scc create my-app
  scc create .                                     in this directory, if it is empty
  scc create my-app --from ./sccluster-0.1.0.tgz   where the package is not published: what npm pack made
  scc create my-app --from ../sccluster            or a clone of it, after npm run build`;

interface CreateFlags {
  readonly from?: string;
  readonly force?: boolean;
}

/** `scc create <directory>` */
export function createCommand(): Command {
  return new Command("create")
    .description("Makes a small application to start from.")
    .argument("<directory>", "where it goes; made if it is not there")
    .option("--from <package>", "tarball or directory of sccluster to depend on (default: the published one)")
    .option("--force", "write into a directory that is not empty; files of the same name are replaced")
    .addHelpText("after", HELP)
    .action(async (directory: string, { from, force }: CreateFlags) => {
      const { createApp } = await import("./create-app.ts");
      const { name, files } = createApp({ directory, from, force });
      process.stdout.write(report(directory, name, files));
    });
}

function report(directory: string, name: string, files: readonly string[]): string {
  const enter = directory === "." ? "" : `  cd ${directory}\n`;
  const list = files.map((file) => `  ${file}\n`).join("");
  return `Created ${name}:
${list}
Next:
${enter}  npm install
  npm start            one worker, on http://localhost:8000
  npm run cluster      a whole cluster on this machine
  npm test
`;
}
