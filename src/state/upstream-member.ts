import { randomUUID } from "node:crypto";
import { z } from "zod";
import { memberUri, RegistrationError } from "../cluster/peer/address.ts";
import type { StateMessage } from "../cluster/registration/state-messages.ts";
import type { Connection } from "../server/connection.ts";
import type { ConnectionObserver } from "../server/middleware/events.ts";
import type { CallRequest } from "../server/middleware/request.ts";
import type { MemberConnection } from "./member-connection.ts";
import { cameFrom } from "./member-talk.ts";
import type { Member } from "./membership/membership.ts";

/** What scc-state knows and an upstream worker is told. */
export interface ClusterView {
  readonly brokerUris: readonly string[];
  readonly workerUris: readonly string[];
  /** Whether the ring places channels as the worker does, so that it may be answered. */
  readonly suitsUpstream: boolean;
  /** Ms of the clock. */
  now(): number;
  /** In which header a proxy that is trusted says where a member connects from. */
  readonly forwardedForHeader: string | undefined;
  /** A number that grows with each call: upstream's workers ignore what is not above the last. */
  nextTime(): number;
}

export interface UpstreamMemberEvents {
  /** @returns why not, if it may not */
  registers(member: UpstreamMember): string | undefined;
  refused(reason: string): void;
}

/** How soon a registered worker may ask again for what it is told anyway, ms. */
const AGAIN_MS = 1000;

/** [scc-broker-client 9.2, index.js: the data of sccWorkerJoinCluster] */
const joinSchema = z.object({
  instanceId: z.string().min(1).max(100).nullish(),
  instanceIp: z.string().min(1).max(255).nullish(),
  instanceIpFamily: z.enum(["IPv4", "IPv6"]).nullish(),
  instanceSecure: z.boolean().nullish(),
});

const KNOWN_MAJORS = ["9", "10"];

/**
 * One of upstream's workers at scc-state: it speaks the SocketCluster protocol and knows lists of URIs instead
 * of rings. It is answered once the ring places channels as it does, and told of every change after that.
 */
export class UpstreamMember implements MemberConnection, ConnectionObserver {
  left = false;
  readonly #connection: Connection;
  readonly #view: ClusterView;
  readonly #events: UpstreamMemberEvents;
  #member: Member | undefined;
  /** The call that waits to be answered. */
  #joining: number | undefined;
  #brokerUris: readonly string[] = [];
  #answeredAt = -Infinity;

  constructor(connection: Connection, view: ClusterView, events: UpstreamMemberEvents) {
    this.#connection = connection;
    this.#view = view;
    this.#events = events;
  }

  /** Where its connection comes from. */
  get address(): string {
    return cameFrom(this.#connection.request, this.#view.forwardedForHeader) ?? "";
  }

  /** Whether it has registered. */
  get isRegistered(): boolean {
    return this.#member !== undefined;
  }

  get member(): Member {
    if (this.#member === undefined) throw new Error("The member has not registered yet");
    return this.#member;
  }

  send(message: StateMessage): void {
    if (message.type === "refused") this.#refuse(message.reason);
    else if (this.#member !== undefined) this.#tell();
  }

  /** Answers if the ring suits by now; passes on what has changed. */
  #tell(): void {
    if (this.#joining !== undefined) {
      if (!this.#view.suitsUpstream) return;
      const rid = this.#joining;
      this.#joining = undefined;
      this.#answeredAt = this.#view.now();
      this.#brokerUris = this.#view.brokerUris;
      this.#connection.answer(rid, { ...this.#workers(), sccBrokerURIs: this.#brokerUris });
      return;
    }
    const { brokerUris } = this.#view;
    if (brokerUris.join() === this.#brokerUris.join()) return;
    const event =
      brokerUris.length < this.#brokerUris.length ? "sccBrokerLeaveCluster" : "sccBrokerJoinCluster";
    this.#brokerUris = brokerUris;
    this.#call(event, { sccBrokerURIs: brokerUris, time: this.#view.nextTime() });
  }

  workersChanged(): void {
    if (this.#joining === undefined) this.#call("sccWorkerJoinCluster", this.#workers());
  }

  close(reason: string): void {
    this.#connection.close(1000, reason);
  }

  // --- what the worker says ---

  invoked({ id, procedure, data, answered }: CallRequest): void {
    if (answered) return;
    if (procedure === "sccWorkerJoinCluster") this.#join(id, data);
    else {
      const error = new RegistrationError(
        `Cannot ${procedure}: of upstream's processes only workers may join`,
      );
      this.#connection.answerError(id, error);
    }
  }

  message(): void {}

  raw(): void {}

  receives(): boolean {
    return false;
  }

  transmitted(): void {}

  answers(): boolean {
    return true;
  }

  #join(callId: number, data: unknown): void {
    this.#joining = callId;
    if (this.#view.now() < this.#answeredAt + AGAIN_MS) {
      this.#refuse("Cannot register again: it is registered, and was told so a moment ago");
      return;
    }
    const refusal = this.#member === undefined ? this.#register(data) : undefined;
    if (refusal === undefined) {
      this.#tell();
      return;
    }
    this.#refuse(refusal);
    this.#events.refused(refusal);
  }

  /** @returns why not, if it may not */
  #register(data: unknown): string | undefined {
    try {
      this.#member = this.#identify(data);
    } catch (error) {
      if (!(error instanceof RegistrationError)) throw error;
      return error.message;
    }
    const refusal = this.#events.registers(this);
    if (refusal !== undefined) this.#member = undefined;
    return refusal;
  }

  #identify(data: unknown): Member {
    const parsed = joinSchema.safeParse(data);
    if (!parsed.success) throw new RegistrationError("Cannot register: this is not how a worker registers");
    const query = new URLSearchParams(this.#connection.request.url?.split("?", 2)[1]);
    const version = query.get("version") ?? "";
    if (!KNOWN_MAJORS.includes(version.split(".", 1)[0] ?? "")) {
      throw new RegistrationError(
        `Cannot register version ${JSON.stringify(version.slice(0, 50))}: 9 or 10 is needed`,
      );
    }
    const { instanceId, instanceIp, instanceIpFamily, instanceSecure } = parsed.data;
    const uri = memberUri(
      {
        ip: instanceIp ?? undefined,
        // Upstream's says IPv4 where it was told nothing: only a given address can contradict it.
        family: instanceIp == null ? undefined : (instanceIpFamily ?? undefined),
        secure: instanceSecure ?? false,
        port: query.get("instancePort") ?? undefined,
      },
      this.address,
    );
    return { instanceId: instanceId ?? randomUUID(), uri, role: "worker", isUpstream: true };
  }

  #refuse(reason: string): void {
    if (this.#joining === undefined) return;
    this.#connection.answerError(this.#joining, new RegistrationError(reason));
    this.#joining = undefined;
  }

  #workers() {
    return {
      sccWorkerURIs: this.#view.workerUris,
      sccSourceWorkerURI: this.member.uri,
      time: this.#view.nextTime(),
    };
  }

  #call(event: string, data: unknown): void {
    // Whoever does not answer is told again with the next change; a lost connection registers anew.
    this.#connection.invoke(event, data).catch((error: unknown) => this.#connection.report(error));
  }
}
