import { visibleJson } from "../../runtime/visible.ts";
import { addressOf, type Env, type StateFlags } from "./flags.ts";
import { failed, lookOnce } from "./look.ts";
import { isHealthy } from "./picture.ts";
import { renderCluster } from "./table.ts";

export interface StatusFlags extends StateFlags {
  readonly json?: boolean;
}

/** Exit code where the cluster could be looked at and is not as it should be. */
const NOT_HEALTHY = 3;

/** @returns the exit code @throws {ConfigError} if the flags make no sense */
export async function runStatus(flags: StatusFlags, env: Env): Promise<number> {
  const address = addressOf(flags, env);
  try {
    const picture = await lookOnce(address);
    const healthy = isHealthy(picture);
    const { isTTY, columns = 110 } = process.stdout;
    const style = { width: isTTY ? columns : 1000, height: Infinity, colours: isTTY && !env.NO_COLOR };
    const text = flags.json
      ? visibleJson(JSON.stringify({ healthy, ...picture }, null, 2))
      : renderCluster(picture, style).join("\n");
    await written(`${text}\n`);
    return healthy ? 0 : NOT_HEALTHY;
  } catch (error) {
    return failed(error);
  }
}

/** A pipe may take its time, and the process must not end before. */
export function written(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}
