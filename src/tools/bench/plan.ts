/** How a load paces its publishers. */
export type Pace =
  /** Closed loop: at most so many publications in flight, acknowledged and delivered to everybody, at a time. */
  | { readonly window: number }
  /** Open loop: so many publications per second in all, at fixed intended times whatever the server does. */
  | { readonly perSecond: number };

/** Which protocol the server speaks. */
export type Protocol = "socketcluster" | "socketio";

/**
 * A load: who connects, who is subscribed to what, who publishes how fast and for how long.
 * Times are ms, sizes bytes.
 */
export interface LoadPlan {
  readonly protocol: Protocol;
  /** Servers that subscribers connect to, in turn: `ws://host:port/path`. */
  readonly subscriberUrls: readonly string[];
  /** Servers that publishers connect to, in turn. */
  readonly publisherUrls: readonly string[];
  readonly subscribers: number;
  readonly channels: number;
  /** Channels that each subscriber is subscribed to; spread evenly over all. */
  readonly channelsPerSubscriber: number;
  readonly publishers: number;
  /** Size of the data of a publication, JSON text. */
  readonly payloadBytes: number;
  /** Absent: nothing is published, connections are held open only. */
  readonly pace: Pace | undefined;
  /** Connections that are being made at a time. */
  readonly connecting: number;
  /** Between the last subscription and the first publication. */
  readonly settleMs: number;
  /** Publishing before the window opens; not counted, but checked. */
  readonly warmupMs: number;
  /** The window that is counted. */
  readonly durationMs: number;
  /** How long the last publications may take to arrive before they are lost. */
  readonly drainMs: number;
  /** In front of channel names, so that runs do not meet. */
  readonly channelPrefix: string;
  /** Gives each connection its JWT. */
  readonly authToken: ((connection: number) => string) | undefined;
  /** Processes that make the load together; each has its part of connections and channels. */
  readonly generators: number;
  /**
   * How many subscribers a channel has, in turn over the channels. Absent: as many as `channelsPerSubscriber`
   * comes to; present: that is not looked at.
   */
  readonly fanOuts?: readonly number[];
  /** Every so manieth delivery is checked for its channel and intact data; default 61. */
  readonly checkEvery?: number;
  /** Certificates to trust where a URL is `wss:`, PEM; absent: the system's. */
  readonly ca?: string | undefined;
}

/** Latencies in ms, from the intended time of sending to the arrival at a subscriber. */
export interface Latency {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What one second of a run brought. */
export interface Sample {
  /** Seconds since the window opened, at the end of this sample. */
  readonly second: number;
  readonly published: number;
  readonly delivered: number;
  readonly p50: number;
  readonly p99: number;
}

/** What a load has measured and checked. */
export interface LoadResult {
  readonly connections: number;
  readonly subscriptions: number;
  /** Time that connecting, handshakes and subscribing took. */
  readonly connectMs: number;
  readonly connectLatency: Latency;
  /** Length of the window as it was. */
  readonly windowMs: number;
  /** Inside of the window. */
  readonly published: number;
  readonly acknowledged: number;
  readonly delivered: number;
  /** From the intended time of sending to the acknowledgement. */
  readonly acknowledgeLatency: Latency;
  readonly deliveryLatency: Latency;
  /** Acknowledged and not delivered to a subscriber, warm-up included. */
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Deliveries whose channel or data were not as published. */
  readonly malformed: number;
  /** Errors by what they say, with their counts. */
  readonly errors: ReadonlyMap<string, number>;
  readonly samples: readonly Sample[];
  /** CPU time that the generators took in the window, all together, ms. */
  readonly generatorCpuMs?: number;
}

/** Where a load stands, told several times per second and at each change of phase. */
export interface Progress {
  readonly phase: Phase;
  /** Part of the phase that is done, 0 to 1. */
  readonly done: number;
  readonly connections: number;
  readonly published: number;
  readonly delivered: number;
  readonly deliveredPerSecond: number;
}

export type Phase = "connect" | "settle" | "warm up" | "measure" | "drain";

/** Called between phases; what they return is waited for, so that servers can be looked at meanwhile. */
export interface LoadHooks {
  connecting?(): void | Promise<void>;
  /** Everybody is connected and subscribed. */
  connected?(): void | Promise<void>;
  windowOpens?(): void | Promise<void>;
  windowCloses?(): void | Promise<void>;
  progress?(progress: Progress): void;
  /** Ends the load early: the result is of what there was until then. */
  readonly stop?: AbortSignal;
}
