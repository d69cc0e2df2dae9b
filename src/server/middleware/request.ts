import type { Connection } from "../connection.ts";

/** One call of a client, as the application gets it: to be answered once. */
export interface CallRequest {
  readonly connection: Connection;
  readonly id: number;
  readonly procedure: string;
  readonly data: unknown;
  /** Whether the server has answered already, as it does for its own procedures. */
  readonly answered: boolean;
}
