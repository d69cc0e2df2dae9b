import { SccError } from "../../runtime/errors.ts";

/** A run could not be made, or not to its end: a process did not become ready, nobody could connect. */
export class ChaosError extends SccError {
  readonly code = "SCC_CHAOS";
  override readonly name = "ChaosError";
}
