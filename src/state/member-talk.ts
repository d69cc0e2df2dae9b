import { memberUri, RegistrationError } from "../cluster/peer/address.ts";
import type { NewTalk } from "../cluster/registration/state-link.ts";
import {
  type JoinMessage,
  type MemberMessage,
  type Overview,
  parseMemberMessage,
  type StateMessage,
} from "../cluster/registration/state-messages.ts";
import { BadMessageError } from "../link/talk.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import type { MemberConnection } from "./member-connection.ts";
import type { Member } from "./membership/membership.ts";

/** What is looked at of the request that opened a talk: an `IncomingMessage` has it. */
export interface TalkRequest {
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

export interface MemberTalkOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly forwardedForHeader: string | undefined;
}

export interface MemberTalkEvents {
  /** The member said who it is; `member` holds from here on. */
  joined(join: JoinMessage): void;
  said(message: MemberMessage): void;
  /** Somebody who is no member wants to know what there is. */
  observed(): Overview;
  closed(reason: string): void;
}

const JOIN_TIMEOUT_MS = 5000;
const ROLES = new Map<string, Member["role"]>([
  ["scc-broker", "broker"],
  ["scc-worker", "worker"],
]);

/**
 * scc-state's end of one member's talk: knows who speaks once it has said so, and turns away whoever says
 * something that cannot be.
 */
export class MemberTalk implements MemberConnection {
  left = false;
  readonly #talk: NewTalk;
  readonly #request: TalkRequest;
  readonly #options: MemberTalkOptions;
  readonly #events: MemberTalkEvents;
  readonly #joinTimer: Timer;
  #member: Member | undefined;
  #wantsWorkers = false;
  #alone = "";

  constructor(talk: NewTalk, request: TalkRequest, options: MemberTalkOptions, events: MemberTalkEvents) {
    this.#talk = talk;
    this.#request = request;
    this.#options = options;
    this.#events = events;
    this.#joinTimer = options.clock.after(JOIN_TIMEOUT_MS, () => talk.close("did not register in time"));
    talk.start({
      message: (message) => this.#heard(message),
      closed: (reason) => {
        this.#joinTimer.cancel();
        if (this.#member) this.#events.closed(reason);
      },
    });
  }

  /** Who it is. Only asked once `joined` was called. */
  get member(): Member {
    if (this.#member === undefined) throw new Error("The member has not registered yet");
    return this.#member;
  }

  get release(): string | undefined {
    return this.#query.get("version") ?? undefined;
  }

  send(message: StateMessage): void {
    this.#talk.send(message);
  }

  workersChanged(uris: readonly string[]): void {
    if (this.#wantsWorkers) this.send({ type: "workers", uris: [...uris] });
  }

  accusesAlone(brokers: readonly string[]): void {
    if (brokers.join() === this.#alone) return;
    this.#alone = brokers.join();
    this.send({ type: "alone", brokers: [...brokers] });
  }

  close(reason: string): void {
    this.#talk.close(reason);
  }

  /** Parts with a member for a reason, if there is one. @returns whether there was */
  turnAway(trouble: string | undefined): boolean {
    if (trouble !== undefined) this.#refuse(`Cannot register: ${trouble}`);
    return trouble !== undefined;
  }

  #refuse(reason: string): void {
    this.#options.log.warn("member refused", { from: this.from, reason });
    this.send({ type: "refused", reason });
    this.close("refused");
  }

  #heard(message: unknown): void {
    const parsed = parseMemberMessage(message);
    if (parsed === undefined) return;
    if (this.#member !== undefined) {
      if (parsed.type !== "join") this.#events.said(parsed);
    } else if (parsed.type === "join") this.#join(parsed);
    else if (parsed.type === "observe") this.#talk.send(this.#events.observed());
    else throw new BadMessageError("the first message must be join");
  }

  #join(join: JoinMessage): void {
    try {
      this.#member = this.#identify(join);
    } catch (error) {
      if (!(error instanceof RegistrationError)) throw error;
      this.#refuse(error.message);
      return;
    }
    this.#joinTimer.cancel();
    this.#wantsWorkers = join.workers ?? false;
    this.#events.joined(join);
  }

  get #query(): URLSearchParams {
    return new URLSearchParams(this.#request.url?.split("?", 2)[1]);
  }

  #identify(join: JoinMessage): Member {
    const query = this.#query;
    const role = ROLES.get(query.get("instanceType") ?? "");
    if (role === undefined) {
      throw new RegistrationError("Cannot register: instanceType must be scc-worker or scc-broker");
    }
    const uri = memberUri(
      {
        ip: join.instanceIp,
        family: join.instanceIpFamily,
        secure: join.instanceSecure,
        port: query.get("instancePort") ?? undefined,
      },
      this.from,
    );
    return { instanceId: join.instanceId, uri, role };
  }

  get from(): string | undefined {
    return cameFrom(this.#request, this.#options.forwardedForHeader);
  }
}

/** The address that a member connects from. @param header in which a proxy says it, if there is one that is trusted */
export function cameFrom(
  { headers, socket }: Pick<TalkRequest, "headers" | "socket">,
  header: string | undefined,
): string | undefined {
  const forwarded = header === undefined ? undefined : headers[header.toLowerCase()];
  const first = String(forwarded ?? "")
    .split(",", 1)[0]
    ?.trim();
  return first || socket.remoteAddress;
}
