import type { IncomingMessage } from "node:http";
import { fieldOf, ServerProtocolError } from "../../protocol/wire-errors.ts";
import type { ServerCore } from "../core.ts";
import { ask, Blocked } from "../middleware/middleware.ts";
import { originAllowed } from "./origin.ts";

/** What is known of a client that wants to connect. */
export interface ClientInfo {
  readonly origin?: string | undefined;
  readonly req: IncomingMessage;
  readonly secure?: boolean;
}

/** Without being accepted, the client is answered this HTTP status and message. */
export type AnswerClient = (accepted: boolean, status?: number, message?: string) => void;

export type VerifyClient = (info: ClientInfo, answer: AnswerClient) => void;

/** Whether a client may connect: middleware is asked first, then its origin looked at, as in the original. */
export function verifyClient(core: ServerCore, { origin, req }: ClientInfo, answer: AnswerClient): void {
  const { handshake } = core.middleware;
  if (handshake === undefined) {
    checkOrigin(core, origin, answer);
    return;
  }
  void ask(core, "handshake", handshake, { type: "handshakeWS", request: req }).then((decision) => {
    if (!(decision instanceof Blocked)) {
      checkOrigin(core, origin, answer);
      return;
    }
    const { clientError } = decision;
    const text = typeof clientError === "string" ? clientError : fieldOf(clientError, "message");
    answer(false, 401, typeof text === "string" ? text : undefined);
  });
}

function checkOrigin(core: ServerCore, origin: string | undefined, answer: AnswerClient): void {
  if (originAllowed(origin, core.options.origins)) {
    answer(true);
    return;
  }
  const shown = origin === undefined || origin === "null" ? "*" : origin;
  const error = new ServerProtocolError(`Failed to authorize socket handshake - Invalid origin: ${shown}`);
  core.warn(error);
  answer(false, 403, error.message);
}
