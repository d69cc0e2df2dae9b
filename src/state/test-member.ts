import { NO_RING } from "../cluster/ring/ring.ts";
import type { Talk, TalkEvents } from "../link/talk.ts";
import type { StateService } from "./service.ts";

/** What is said on a talk, either way. */
export interface Message {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The id of the how-manieth instance. */
export function uuid(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

/** A member that a test plays: it comes from 10.0.0.1, announces port `n`, and has joined. */
export function joinState(service: StateService, n: number, type: string, more: object = {}) {
  const said: Message[] = [];
  let events: TalkEvents | undefined;
  const talk = {
    start: (given: TalkEvents) => {
      events = given;
    },
    send: (message: Message) => said.push(message),
    close: (reason: string) => events?.closed(reason),
  } as unknown as Talk;
  const url = `/socketcluster/?instanceType=${type}&instancePort=${n}`;
  service.accept(talk, { url, headers: {}, socket: { remoteAddress: "::ffff:10.0.0.1" } } as never);
  events?.message({
    type: "join",
    instanceId: uuid(n),
    instanceSecure: false,
    ring: NO_RING,
    accused: [],
    ...more,
  });
  return {
    /** What scc-state told it. */
    said,
    say: (message: Message) => events?.message(message),
    /** Its connection breaks. */
    lose: () => events?.closed("lost"),
  };
}
