import { SccError } from "../../runtime/errors.ts";

/** A load could not be made, or not be measured to its end. */
export class LoadError extends SccError {
  readonly code = "SCC_LOAD";
  override readonly name = "LoadError";
}
