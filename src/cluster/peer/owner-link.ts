import type { DialFailure } from "../../link/dial-failure.ts";
import type { NewLink } from "../../link/link.ts";
import { SILENT } from "../../link/pulse.ts";
import { Backoff } from "../../runtime/backoff.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { News } from "../../runtime/news.ts";
import type { RingMember } from "../ring/ring.ts";
import type { Hello } from "./peer-hello.ts";
import type { Port } from "./port.ts";

/**
 * Connects to a process of the cluster; one of the two is called, once, unless it is called off before.
 *
 * @param instanceId who is expected there: what the key is proved with is good for nobody else
 */
export type DialLink = (
  uri: string,
  events: { opened(link: NewLink): void; failed(failure: DialFailure): void },
  instanceId: string,
) => () => void;

export interface OwnerLinkOptions<P extends Port> {
  readonly member: RingMember;
  readonly dial: DialLink;
  readonly clock: Clock;
  /** From 0 to 1, for pauses that differ from process to process. */
  readonly random: () => number;
  readonly log: Logger;
  /** Makes this end of a new connection. @param introduced to be called once the other side has said who it is */
  readonly port: (link: NewLink, introduced: (hello: Hello) => void) => P;
  /** Longest pause between two attempts, ms. */
  readonly retryDelay: number;
  /** How long a lost connection may take to come back before the broker counts as unusable, ms. */
  readonly grace: number;
}

export interface OwnerLinkEvents<P extends Port> {
  /** There is a connection: everything that the other side is to know is to be said on it. */
  opened(port: P): void;
  /** It has ended, for whatever reason. */
  closed?(port: P): void;
  /** Whether the broker can be used has changed. */
  changed(): void;
}

const FIRST_RETRY_MS = 50;
/** A link that lasted so long worked. */
const LASTING_MS = 2000;

/**
 * A member's lasting link to one broker: dials, and dials again, as long as the broker is listed.
 *
 * @typeParam P this member's end of a connection
 */
export class OwnerLink<P extends Port = Port> {
  readonly member: RingMember;
  readonly #options: OwnerLinkOptions<P>;
  readonly #events: OwnerLinkEvents<P>;
  readonly #backoff: Backoff;
  readonly #news: News;
  #port: P | undefined;
  #isOpen = false;
  #openedAt = 0;
  #lostAt = 0;
  #accused = false;
  #ended = false;
  #cancelDial: (() => void) | undefined;
  #retry: Timer | undefined;
  #grace: Timer | undefined;

  constructor(options: OwnerLinkOptions<P>, events: OwnerLinkEvents<P>) {
    this.member = options.member;
    this.#options = options;
    this.#events = events;
    this.#backoff = new Backoff(FIRST_RETRY_MS, options.retryDelay, options.random);
    this.#news = new News(options.clock);
    this.#lost();
    this.#dial();
  }

  /** The connection, if there is one and the broker has introduced itself. */
  get port(): P | undefined {
    return this.#isOpen ? this.#port : undefined;
  }

  /** Whether this member cannot use the broker: nobody listens there, or it was away for longer than the grace. */
  get accused(): boolean {
    return this.#accused;
  }

  /** A ring was adopted here. */
  adopted(): void {
    this.#port?.adopted();
  }

  /** Ends the link for good: the broker is no longer listed, or this member stops. */
  end(reason: string): void {
    this.#ended = true;
    this.#cancelDial?.();
    this.#retry?.cancel();
    this.#grace?.cancel();
    this.#port?.close(reason);
  }

  #dial(): void {
    const { uri, instanceId } = this.member;
    const events = {
      opened: (link: NewLink) => this.#connected(link),
      failed: (failure: DialFailure) => this.#failed(failure),
    };
    this.#cancelDial = this.#options.dial(uri, events, instanceId);
  }

  #connected(link: NewLink): void {
    this.#cancelDial = undefined;
    const port = this.#options.port(link, (hello) => this.#introduced(hello, port));
    this.#port = port;
    link.start({ handler: port, closed: (reason) => this.#closed(reason) });
  }

  #introduced(hello: Hello, port: P): void {
    if (hello.instanceId !== this.member.instanceId) {
      // The broker was started again at this address: the one of the ring is gone.
      this.#accuse("another instance answers");
      this.#port?.close("another instance is expected here");
      return;
    }
    if (this.#ended) return;
    this.#grace?.cancel();
    this.#openedAt = this.#options.clock.now();
    this.#news.reset();
    this.#isOpen = true;
    this.#accused = false;
    this.#options.log.info("linked to broker", { broker: this.member.uri });
    this.#events.opened(port);
    this.#events.changed();
  }

  #closed(reason: string): void {
    const wasOpen = this.#isOpen;
    const port = this.#port;
    this.#port = undefined;
    this.#isOpen = false;
    if (wasOpen && port !== undefined) this.#events.closed?.(port);
    if (this.#ended) return;
    if (!wasOpen) return this.#again();
    this.#options.log.warn("lost link to broker", { broker: this.member.uri, reason });
    this.#lost();
    // Silence has lasted for seconds already: it needs no grace.
    if (reason === SILENT) this.#accuse(reason);
    // A link that never lasts, because something in it breaks it, must not be made again at full speed.
    if (this.#options.clock.now() - this.#openedAt >= LASTING_MS) this.#backoff.reset();
    if (this.#backoff.attempts === 0) this.#dial();
    else this.#again();
    this.#events.changed();
  }

  #failed({ kind, reason }: DialFailure): void {
    this.#cancelDial = undefined;
    if (this.#news.is(reason)) {
      const fields = { broker: this.member.uri, reason };
      if (kind === "auth") this.#options.log.error(AUTH_ADVICE, fields);
      else this.#options.log.warn("cannot reach broker", fields);
    }
    // Nobody listens, or another one: there is nothing to wait for.
    if (kind === "refused" || kind === "replaced") this.#accuse(reason);
    this.#again();
  }

  /** Before the broker counts as unusable it is tried, however often its link broke before. */
  #again(): void {
    const { clock, grace } = this.#options;
    const graceLeft = this.#lostAt + grace - clock.now();
    const longest = graceLeft > 0 ? Math.max(graceLeft / 2, FIRST_RETRY_MS) : Infinity;
    this.#retry = clock.after(Math.min(this.#backoff.next(), longest), () => this.#dial());
  }

  #lost(): void {
    this.#grace?.cancel();
    this.#lostAt = this.#options.clock.now();
    this.#grace = this.#options.clock.after(this.#options.grace, () => this.#accuse("no connection"));
  }

  #accuse(reason: string): void {
    if (this.#accused || this.#isOpen || this.#ended) return;
    this.#accused = true;
    this.#options.log.warn("cannot use broker", { broker: this.member.uri, reason });
    this.#events.changed();
  }
}

const AUTH_ADVICE =
  "BadClusterAuthError: the broker does not accept this member's key; set SCC_AUTH_KEY to the key of the cluster";
