import { addressOf, type Env, type StateFlags } from "../status/flags.ts";
import { failed, lookOnce } from "../status/look.ts";
import { written } from "../status/run.ts";
import { renderCluster } from "../status/table.ts";
import { NoViewError, Viewer } from "../status/viewer.ts";
import { Screen } from "./screen.ts";

/** How long scc-state may take at the start, ms; later it is waited for without end. */
const FIRST_MS = 8000;

/** @returns the exit code @throws {ConfigError} if the flags make no sense */
export async function runTop(flags: StateFlags, env: Env): Promise<number> {
  const address = addressOf(flags, env);
  try {
    if (!process.stdout.isTTY) {
      const picture = await lookOnce(address);
      await written(
        `${renderCluster(picture, { width: 1000, height: Infinity, colours: false }).join("\n")}\n`,
      );
      return 0;
    }
    await live(address, !env.NO_COLOR);
    return 0;
  } catch (error) {
    return failed(error);
  }
}

/** Draws the cluster over itself until somebody quits. */
function live(address: ReturnType<typeof addressOf>, colours: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const screen = new Screen(process.stdout, process.stdin, colours);
    let reason = "no answer in time";
    const end = (act: () => void): void => {
      clearTimeout(deadline);
      viewer.close();
      screen.close();
      process.off("SIGINT", quit);
      process.off("SIGTERM", quit);
      act();
    };
    const quit = (): void => end(resolve);
    const deadline = setTimeout(() => {
      const where = `${address.hostname}:${address.port}`;
      end(() => reject(new NoViewError(`Cannot look at scc-state at ${where} (${reason})`)));
    }, FIRST_MS);
    const viewer = new Viewer(address, {
      picture: (picture) => {
        clearTimeout(deadline);
        screen.show(picture);
      },
      lost: (why) => {
        reason = why;
        screen.lost(why);
      },
      failed: (error) => end(() => reject(error)),
    });
    screen.open(quit);
    process.on("SIGINT", quit);
    process.on("SIGTERM", quit);
  });
}
