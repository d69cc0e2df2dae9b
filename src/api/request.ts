import UntypedRequest from "ag-request";
import type { AppTypes } from "./app-types.ts";
import type { AGServerSocket } from "./server-socket.ts";

type AnswerArguments<Answer> = undefined extends Answer
  ? [data?: Answer, options?: object]
  : [data: Answer, options?: object];

/** A client's call, to be answered once, with `end` or `error`. */
export interface AGRequest<Data = unknown, Answer = unknown, App extends AppTypes = AppTypes> {
  readonly socket: AGServerSocket<App>;
  readonly id: number;
  readonly procedure: string;
  data: Data;
  /** Whether it was answered. */
  sent: boolean;
  /** @throws {InvalidActionError} if it was answered already */
  end(...answer: AnswerArguments<Answer>): void;
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
export type RequestCreator<App extends AppTypes = AppTypes> = (
  socket: AGServerSocket<App>,
  id: number,
  procedureName: string,
  data: unknown,
) => AGRequest;
