import { SccError } from "../../runtime/errors.ts";

/** A token cannot be made, or is not good. */
export class TokenError extends SccError {
  readonly code = "SCC_TOKEN";
  override readonly name = "TokenError";
}
