import { ClusterAuthError } from "../../runtime/errors.ts";
import { visibleLines } from "../../runtime/visible.ts";
import type { StateAddress } from "./flags.ts";
import { isComplete, type Picture } from "./picture.ts";
import { NoViewError, Viewer } from "./viewer.ts";

/** How long scc-state may take to show anything, ms. */
const WITHIN_MS = 8000;
/** How long members may take to report, ms: one that does not is shown without numbers. */
const REPORTS_MS = 4000;

/**
 * One picture of the cluster, with rates.
 *
 * @throws {NoViewError} if scc-state cannot be reached in time
 * @throws {ClusterAuthError} if the cluster has a key and it was not shown
 */
export function lookOnce(address: StateAddress): Promise<Picture> {
  return new Promise((resolve, reject) => {
    let latest: Picture | undefined;
    let reason = "no answer in time";
    let late: NodeJS.Timeout | undefined;
    const end = (act: () => void): void => {
      clearTimeout(deadline);
      clearTimeout(late);
      viewer.close();
      act();
    };
    const deadline = setTimeout(() => end(() => reject(cannotReach(address, reason))), WITHIN_MS);
    const viewer = new Viewer(address, {
      picture: (picture) => {
        clearTimeout(deadline);
        latest = picture;
        if (isComplete(picture)) end(() => resolve(picture));
        else late ??= setTimeout(() => end(() => resolve(latest ?? picture)), REPORTS_MS);
      },
      lost: (why) => {
        reason = why;
      },
      failed: (error) => end(() => reject(error)),
    });
  });
}

function cannotReach({ hostname, port }: StateAddress, reason: string): NoViewError {
  return new NoViewError(
    `Cannot look at scc-state at ${hostname}:${port} (${reason}): is it there, and not told SCC_STATE_DASHBOARD=0?`,
  );
}

/** What the exit code is after a failure, having said what it is. @throws what was not expected */
export function failed(error: unknown): number {
  if (!(error instanceof NoViewError || error instanceof ClusterAuthError)) throw error;
  process.stderr.write(`${visibleLines(error.message)}\n`);
  return error instanceof ClusterAuthError ? 77 : 1;
}
