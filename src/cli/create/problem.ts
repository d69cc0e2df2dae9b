import { SccError } from "../../runtime/errors.ts";

/** An application cannot be created as it was asked for. Nothing has been written. */
export class CreateError extends SccError {
  readonly code = "SCC_CREATE";
  override readonly name = "CreateError";
}
