import type { Logger } from "../runtime/log.ts";

/** What a member logs, word for word, when scc-state does not accept its key. */
export const AUTH_REFUSED =
  "BadClusterAuthError: scc-state does not accept the key; set SCC_AUTH_KEY to the key that scc-state was given";

/** Exit code of a member that was told to exit when its key is refused. */
export const AUTH_EXIT_CODE = 77;

/**
 * What a member does when scc-state refuses its key: says so, and what to set; and either exits at once or
 * leaves it to its back-off to try again.
 */
export function onAuthRefused(log: Logger, exit: boolean): () => void {
  return () => {
    log.error(AUTH_REFUSED);
    if (!exit) return;
    log.error("exiting, as SCC_EXIT_ON_AUTH_ERROR says");
    process.exit(AUTH_EXIT_CODE);
  };
}
