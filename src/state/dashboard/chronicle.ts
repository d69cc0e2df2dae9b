import type { ReportMessage } from "../../cluster/report/report-messages.ts";
import { hasMember, type Ring } from "../../cluster/ring/ring.ts";
import type { MemberConnection } from "../member-connection.ts";
import type { EventList } from "./event-list.ts";
import type { KnownMember, Members } from "./members.ts";
import { nameOf } from "./names.ts";
import { grown } from "./usage.ts";

/** What in a report is an event, and how it is called. */
const HAPPENINGS: readonly (readonly [name: string, kind: "busy" | "bad", text: (n: string) => string])[] = [
  ["slowConsumers", "busy", (n) => `closed ${n} slow consumer(s)`],
  ["gaps", "bad", (n) => `signalled ${n} gap(s): subscribers may have missed messages`],
  ["rejected", "bad", (n) => `rejected ${n} publish(es)`],
  ["lost", "bad", (n) => `lost ${n} publish(es) that were acknowledged at level worker`],
];

/** Puts what happens to the cluster into words. */
export class Chronicle {
  readonly #events: EventList;
  readonly #members: Members;

  constructor(events: EventList, members: Members) {
    this.#events = events;
    this.#members = members;
  }

  registered({ member }: KnownMember): void {
    const upstream = member.isUpstream ? " (upstream's)" : "";
    this.#events.add("good", `${member.role} ${nameOf(member)}${upstream} registered`);
  }

  gone({ member }: MemberConnection, reason: string | undefined): void {
    const name = `${member.role} ${nameOf(member)}`;
    if (reason === undefined) this.#events.add("plain", `${name} has left`);
    else this.#events.add("bad", `${name} is gone: ${reason}`);
  }

  refused({ member }: MemberConnection, reason: string): void {
    this.#events.add("bad", `${member.role} ${nameOf(member)} was refused: ${reason}`);
  }

  leaves({ member }: KnownMember): void {
    this.#events.add("plain", `${member.role} ${nameOf(member)} says goodbye`);
  }

  accused({ member }: KnownMember, accused: readonly string[], before: readonly string[]): void {
    const names = accused.filter((id) => !before.includes(id)).map((id) => this.#nameOf(id));
    if (names.length > 0) this.#events.add("busy", `${nameOf(member)} cannot use ${listOf(names)}`);
    else if (accused.length === 0 && before.length > 0)
      this.#events.add("good", `${nameOf(member)} can use all brokers again`);
  }

  ringChanged(ring: Ring, before: Ring): void {
    const joined = ring.brokers.filter(({ instanceId }) => !hasMember(before.brokers, instanceId));
    const out = before.brokers.filter(({ instanceId }) => !hasMember(ring.brokers, instanceId));
    const left = out.filter(({ instanceId }) => this.#members.find(instanceId)?.isLeaving);
    const failed = out.filter((broker) => !left.includes(broker));
    const parts = [
      ...(joined.length > 0 ? [`${listOf(joined.map(nameOf))} in`] : []),
      ...(left.length > 0 ? [`${listOf(left.map(nameOf))} out`] : []),
      ...(failed.length > 0 ? [`failover: ${listOf(failed.map(nameOf))} out`] : []),
      ...(ring.placement === before.placement ? [] : [`placement ${ring.placement}`]),
    ];
    const what = parts.length > 0 ? parts.join(", ") : "other keepers of copies";
    this.#events.add(failed.length > 0 ? "bad" : "plain", `ring ${ring.version.counter}: ${what}`);
  }

  settled(ring: Ring): void {
    this.#events.add("good", `ring ${ring.version.counter} has settled`);
  }

  reported({ member }: KnownMember, report: ReportMessage, before: ReportMessage | undefined): void {
    for (const [name, kind, text] of HAPPENINGS) {
      const count = grown(report, before, name);
      if (count > 0) this.#events.add(kind, `${nameOf(member)} ${text(count.toLocaleString("en"))}`);
    }
  }

  #nameOf(instanceId: string): string {
    const member = this.#members.recent(instanceId);
    return member === undefined ? instanceId.slice(0, 8) : nameOf(member);
  }
}

const NAMED = 5;

function listOf(names: readonly string[]): string {
  const more = names.length - NAMED;
  return more > 0 ? `${names.slice(0, NAMED).join(", ")} and ${more} more` : names.join(", ");
}
