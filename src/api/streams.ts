import AsyncStreamEmitter from "async-stream-emitter";
import StreamDemux from "stream-demux";
import WritableConsumableStream from "writable-consumable-stream";

// The ecosystem's streams, with types of our own: what applications know how to consume, close and watch.

export interface ConsumerStats {
  readonly id: number;
  /** Values written and not consumed yet. */
  readonly backpressure: number;
  readonly timeout?: number;
  /** The name of the stream, where there are several. */
  readonly stream?: string;
}

/** Consumed by one loop. */
export interface StreamConsumer<T> extends AsyncIterator<T, unknown>, AsyncIterable<T> {
  readonly id: number;
  getBackpressure(): number;
  getStats(): ConsumerStats;
  kill(value?: unknown): void;
}

/** Consumed by any number of loops: each gets every value from when it began. */
export interface ConsumableStream<T> extends AsyncIterable<T> {
  /** @param timeout ms after which waiting for a value rejects with a `TimeoutError` */
  next(timeout?: number): Promise<IteratorResult<T, unknown>>;
  /** The next value. Never resolves if the stream ends, unless a timeout is given. */
  once(timeout?: number): Promise<T>;
  createConsumer(timeout?: number): StreamConsumer<T>;
}

export interface WritableStream<T> extends ConsumableStream<T> {
  write(value: T): void;
  close(value?: unknown): void;
  kill(value?: unknown): void;
  getBackpressure(): number;
  getConsumerCount(): number;
}

/** Streams by name, which exist while they have consumers. */
export interface Demux {
  streams: Record<string, unknown>;
  stream<T>(name: string): ConsumableStream<T>;
  write(name: string, value: unknown): void;
  close(name: string): void;
  closeAll(): void;
  kill(name: string): void;
  killAll(): void;
  killConsumer(consumerId: number): void;
  getConsumerStats(consumerId: number): ConsumerStats | undefined;
  getConsumerStatsList(name: string): ConsumerStats[];
  getConsumerStatsListAll(): ConsumerStats[];
  getConsumerCount(name: string): number;
  getBackpressure(name: string): number;
  getBackpressureAll(): number;
  getConsumerBackpressure(consumerId: number): number;
  hasConsumer(name: string, consumerId: number): boolean;
  hasConsumerAll(consumerId: number): boolean;
}

/** Events as streams: `Events` says what each name carries; other names are the application's own. */
export interface StreamEmitter<Events extends object> {
  emit<Name extends keyof Events & string>(name: Name, value: Events[Name]): void;
  emit(name: string, value?: unknown): void;
  listener<Name extends keyof Events & string>(name: Name): ConsumableStream<Events[Name]>;
  listener<Value = unknown>(name: string): ConsumableStream<Value>;
  closeListener(name: string): void;
  closeAllListeners(): void;
  removeListener(name: string): void;
  killListener(name: string): void;
  killAllListeners(): void;
  killListenerConsumer(consumerId: number): void;
  getListenerConsumerStats(consumerId: number): ConsumerStats | undefined;
  getListenerConsumerStatsList(name: string): ConsumerStats[];
  getAllListenersConsumerStatsList(): ConsumerStats[];
  getListenerConsumerCount(name: string): number;
  getAllListenersConsumerCount(): number;
  getListenerBackpressure(name: string): number;
  getAllListenersBackpressure(): number;
  getListenerConsumerBackpressure(consumerId: number): number;
  hasListenerConsumer(name: string, consumerId: number): boolean;
  hasAnyListenerConsumer(consumerId: number): boolean;
}

export type StreamEmitterClass = new <Events extends object>() => StreamEmitter<Events>;

export const StreamEmitter: StreamEmitterClass = AsyncStreamEmitter as unknown as StreamEmitterClass;

export function createStream<T>(): WritableStream<T> {
  return new WritableConsumableStream() as unknown as WritableStream<T>;
}

/** Wants to know how much waits in streams, and is told of each value for each of its consumers. */
export interface ConsumptionWatch<Hold> {
  /** A value waits for a consumer. @returns what `release` gets */
  hold(): Hold;
  /** It was consumed, or will not be: the consumer has ended. */
  release(hold: Hold): void;
}

/** Safe for names that clients choose: `constructor` and the like are names as any other. */
export function createDemux<Hold>(watch?: ConsumptionWatch<Hold>): Demux {
  const demux = watch === undefined ? new StreamDemux() : new WatchedDemux(watch);
  demux.streams = Object.create(null) as Record<string, unknown>;
  return demux as unknown as Demux;
}

/** Has those who listen to an emitter watched. They are asked for before anybody listens. */
export function watchListeners<Hold>(emitter: StreamEmitter<object>, watch: ConsumptionWatch<Hold>): void {
  Object.assign(emitter, { _listenerDemux: createDemux(watch) });
}

// What follows overrides what `stream-demux` and `writable-consumable-stream` call within themselves.

const Consumer = new WritableConsumableStream().createConsumer().constructor;

class WatchedConsumer<Hold> extends Consumer {
  readonly #watch: ConsumptionWatch<Hold>;
  /** Of the values that wait, in their order; those of a consumer that ended are gone. */
  #holds: Hold[] | undefined;

  constructor(watch: ConsumptionWatch<Hold>, ...rest: ConstructorParameters<typeof Consumer>) {
    super(...rest);
    this.#watch = watch;
  }

  override applyBackpressure(packet: unknown): void {
    super.applyBackpressure(packet);
    this.#holds ??= [];
    this.#holds.push(this.#watch.hold());
  }

  override releaseBackpressure(packet: unknown): void {
    super.releaseBackpressure(packet);
    const hold = this.#holds?.shift();
    if (hold !== undefined) this.#watch.release(hold);
  }

  override _resetBackpressure(): void {
    super._resetBackpressure();
    const holds = this.#holds;
    this.#holds = undefined;
    for (const hold of holds ?? []) this.#watch.release(hold);
  }
}

class WatchedStream<Hold> extends WritableConsumableStream {
  readonly #watch: ConsumptionWatch<Hold>;

  constructor(
    watch: ConsumptionWatch<Hold>,
    options: ConstructorParameters<typeof WritableConsumableStream>[0],
  ) {
    super(options);
    this.#watch = watch;
  }

  override createConsumer(timeout?: number): InstanceType<typeof Consumer> {
    return new WatchedConsumer(this.#watch, this, this.generateConsumerId(), this.tailNode, timeout);
  }
}

class WatchedDemux<Hold> extends StreamDemux {
  readonly #watch: ConsumptionWatch<Hold>;

  constructor(watch: ConsumptionWatch<Hold>) {
    super();
    this.#watch = watch;
  }

  override createConsumer(name: string, timeout?: number): InstanceType<typeof Consumer> {
    this.streams[name] ??= new WatchedStream(this.#watch, {
      generateConsumerId: this.generateConsumerId,
      removeConsumerCallback: () => {
        if (this.getConsumerCount(name) === 0) delete this.streams[name];
      },
    });
    return super.createConsumer(name, timeout);
  }
}
