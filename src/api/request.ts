import UntypedRequest from "ag-request";
import type { AGServerSocket } from "./server-socket.ts";

/** A client's call, to be answered once, with `end` or `error`. */
export interface AGRequest<Data = unknown> {
  readonly socket: AGServerSocket;
  readonly id: number;
  readonly procedure: string;
  data: Data;
  /** Whether it was answered. */
  sent: boolean;
  /** @throws {InvalidActionError} if it was answered already */
  end(data?: unknown, options?: object): void;
  /** @throws {InvalidActionError} if it was answered already */
  error(error: unknown, options?: object): void;
}

export type AGRequestClass = new (
  socket: AGServerSocket,
  id: number,
  procedureName: string,
  data: unknown,
) => AGRequest;

export const AGRequest: AGRequestClass = UntypedRequest as unknown as AGRequestClass;

/** Makes the requests that procedures get, in place of `AGRequest`. */
export type RequestCreator = (
  socket: AGServerSocket,
  id: number,
  procedureName: string,
  data: unknown,
) => AGRequest;
