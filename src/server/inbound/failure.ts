import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import { BrokenStateError } from "../../runtime/contain.ts";
import type { Connection } from "../connection.ts";

/**
 * What one client sent made something throw, which nothing of ours should; what an application gave may, such as a
 * `requestCreator`. It is reported, and ends this connection (1011) and no other.
 *
 * @throws {BrokenStateError} if it is one
 */
export function fail(connection: Connection, error: unknown): void {
  if (error instanceof BrokenStateError) throw error; // of that nobody knows what it would do from here on
  connection.report(error);
  connection.close(CLOSE_CODES.serverFault.code);
}
