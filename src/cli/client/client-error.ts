import { SccError } from "../../runtime/errors.ts";

/** What a client was to do at a server cannot be done, or cannot be gone on with. */
export class ClientError extends SccError {
  readonly code = "SCC_CLIENT";
  override readonly name = "ClientError";
}
