import { RegistrationError } from "../cluster/peer/address.ts";
import type { DialFailure } from "../link/dial-failure.ts";
import { askIdentity } from "../link/identity.ts";
import type { Credentials } from "../runtime/tls/certificates.ts";

const PROBE_TIMEOUT_MS = 3000;

export interface ProbeOptions {
  readonly authKey: string | undefined;
  /** What is shown and trusted where TLS is spoken. */
  readonly credentials: Credentials;
}

/**
 * What is said to a member whose address does not do, whatever is there: nobody may learn from scc-state what answers
 * at which address. `detail` is for this process's log.
 */
export class ProbeError extends RegistrationError {
  readonly detail: string;

  constructor(uri: string, detail: string) {
    super(`Cannot register ${uri}: this broker does not answer there as itself; scc-state's log says more`);
    this.detail = detail;
  }
}

/** Nobody listens at an address. */
export class NobodyThereError extends ProbeError {
  constructor(uri: string) {
    super(uri, "nobody listens there");
  }
}

/**
 * Asks the broker at a URI which instance it is. The key is not shown there: each side proves to hold it.
 *
 * @throws {NobodyThereError} if the connection is refused
 * @throws {ProbeError} if there is no answer in time, or not one of a broker with the key
 */
export function probe(uri: string, { authKey, credentials }: ProbeOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = ({ kind, reason }: DialFailure): void =>
      reject(kind === "refused" ? new NobodyThereError(uri) : new ProbeError(uri, reason));
    askIdentity(
      { uri, authKey, connectTimeoutMs: PROBE_TIMEOUT_MS, credentials },
      { identified: resolve, failed },
    );
  });
}

/** What became of a broker, by who answers at its address now; undefined: that cannot be told. */
export async function whatBecameOf(
  instanceId: string,
  answer: Promise<string>,
): Promise<"answers" | "gone" | undefined> {
  try {
    return (await answer) === instanceId ? "answers" : "gone";
  } catch (error) {
    return error instanceof NobodyThereError ? "gone" : undefined;
  }
}
