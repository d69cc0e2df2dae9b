import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { MOST_TAILS, type WatchMessage } from "../../cluster/report/report-messages.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import { attempt } from "../../runtime/contain.ts";
import type { Logger } from "../../runtime/log.ts";
import type { MemberConnection } from "../member-connection.ts";
import type { StateService } from "../service.ts";
import { EventList } from "./event-list.ts";
import { DashboardFiles } from "./files.ts";
import { harmless } from "./harmless.ts";
import { Observed } from "./observed.ts";
import { OwnUsage } from "./own-usage.ts";
import { Viewers } from "./viewers.ts";

export interface DashboardOptions {
  readonly stateId: string;
  readonly authKeys: readonly (string | undefined)[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often members report, and the picture is drawn anew, ms. */
const EVERY_MS = 1000;
const TAIL = "tail:";
const MOST_NAME = 1000;

/**
 * The dashboard: its files, those who look at it, and what they see. While nobody looks, members are not asked for
 * anything, and all that goes on is that events are noted.
 */
export class Dashboard {
  readonly #clock: Clock;
  readonly #files = new DashboardFiles();
  readonly #viewers: Viewers;
  readonly #observed: Observed;
  readonly #events: EventList;
  readonly #own = new OwnUsage();
  readonly #tails = new Set<string>();
  #timer: Timer | undefined;

  /** @throws {Error} if a file that is served is missing */
  constructor(service: StateService, { stateId, authKeys, clock, log }: DashboardOptions) {
    this.#clock = clock;
    this.#viewers = new Viewers(
      { authKeys, clock, log },
      {
        wanted: (channel, isWanted) => this.#wanted(channel, isWanted),
        greeting: (channel) => this.#greeting(channel),
        mayFollow: (channel) => this.#mayFollow(channel),
      },
    );
    this.#events = new EventList(stateId, Date.now, (event) => this.#viewers.publish("events", [event]));
    this.#observed = new Observed({
      stateId,
      events: this.#events,
      now: () => clock.now(),
      wallClock: Date.now,
      everyMs: EVERY_MS,
      registered: (member) => this.#ask(member),
      tail: ({ channel, messages, skipped }) =>
        this.#viewers.publish(`${TAIL}${channel}`, { messages, skipped }),
    });
    service.observedBy(harmless(this.#observed));
  }

  /** Whether somebody looks, so that members report. */
  get isWatched(): boolean {
    return this.#timer !== undefined;
  }

  /** Answers requests for the page. @returns whether this was one */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#files.serve(request, response);
  }

  /** Takes those who look. @returns whether this was one */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    return this.#viewers.upgrade(request, socket, head);
  }

  close(): Promise<void> {
    this.#timer?.cancel();
    return this.#viewers.close();
  }

  // --- who looks ---

  #mayFollow(channel: string): boolean {
    if (!channel.startsWith(TAIL) || channel.length > MOST_NAME) return false;
    return this.#tails.size < MOST_TAILS || this.#tails.has(channel.slice(TAIL.length));
  }

  #wanted(channel: string, isWanted: boolean): void {
    if (channel === "cluster") {
      if (isWanted) this.#begin();
      else this.#end();
    } else if (channel.startsWith(TAIL)) {
      const name = channel.slice(TAIL.length);
      if (isWanted) this.#tails.add(name);
      else this.#tails.delete(name);
      if (this.isWatched) this.#askAll();
    }
  }

  #begin(): void {
    this.#own.begin(this.#clock.now());
    this.#timer = this.#clock.every(EVERY_MS, () => void attempt("dashboard", () => this.#tick()));
    this.#askAll();
  }

  #end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#observed.forgetReports();
    for (const { connection } of this.#observed.members.here) {
      if (!connection.member.isUpstream) connection.send({ type: "unwatch" });
    }
  }

  #tick(): void {
    this.#viewers.review();
    // Those whose session was over may have been the last ones.
    if (!this.isWatched) return;
    this.#own.look(this.#clock.now());
    this.#viewers.publish("cluster", this.#observed.picture(this.#own.usage));
  }

  #greeting(channel: string): unknown {
    if (channel === "events") return this.#events.all;
    return channel === "cluster" ? this.#observed.picture(this.#own.usage) : undefined;
  }

  // --- what members are asked for ---

  #askAll(): void {
    for (const { connection } of this.#observed.members.here) this.#ask(connection);
  }

  #ask(connection: MemberConnection): void {
    if (!this.isWatched || connection.member.isUpstream) return;
    const watch: WatchMessage = { type: "watch", everyMs: EVERY_MS, tails: [...this.#tails] };
    connection.send(watch);
  }
}
