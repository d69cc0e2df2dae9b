import type { Batch } from "../../../src/pubsub/batch.ts";
import type { Subscriber } from "../../../src/pubsub/hub.ts";
import { Publication } from "../../../src/pubsub/publication.ts";
import type { PubSub } from "../../../src/pubsub/pubsub.ts";
import { type Arrival, bytesOf, type History } from "../history.ts";
import type { Plan } from "../plan.ts";
import type { Process } from "../process.ts";
import type { Message, Rejection, Subscription } from "../truth.ts";

/** A client that is subscribed to one channel. */
class Listener implements Subscriber {
  readonly subscription: Subscription;
  readonly #clients: Clients;

  constructor(subscription: Subscription, clients: Clients) {
    this.subscription = subscription;
    this.#clients = clients;
  }

  receive(batch: Batch): void {
    this.#clients.received(this.subscription, batch);
  }
}

const LARGE_BYTES = 20_000;
const MOST_LISTENERS = 10;

/** The clients of one worker: they come, publish, subscribe, listen and go. */
export class Clients {
  readonly #process: Process;
  readonly #pubsub: PubSub;
  readonly #history: History;
  readonly #plan: Plan;
  readonly #listeners = new Set<Listener>();
  /** Publishes that have not ended, oldest first. */
  readonly #open = new Set<Message>();
  readonly #numbers = new Map<string, number>();
  #count = 0;
  /** The batch that was read last: all who listen to a channel get the same. */
  #batch: Batch | undefined;
  #arrivals: Arrival[] = [];
  #isPublishing = false;

  constructor(process: Process, pubsub: PubSub, history: History, plan: Plan) {
    this.#process = process;
    this.#pubsub = pubsub;
    this.#history = history;
    this.#plan = plan;
  }

  /** The first clients come. */
  start(): void {
    this.#process.read(() => {
      const { random } = this.#process;
      for (const channel of this.#plan.channels) if (random.chance(0.6)) this.#subscribe(channel);
      this.#isPublishing = true;
      this.#publishOn();
      this.#churnOn();
    });
  }

  /** Nobody publishes, comes or goes any more. */
  rest(): void {
    this.#isPublishing = false;
  }

  /** All clients go. */
  leave(): void {
    this.rest();
    for (const listener of [...this.#listeners]) this.#unsubscribe(listener);
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Something came for one of them. */
  received(subscription: Subscription, batch: Batch): void {
    if (batch !== this.#batch) {
      this.#batch = batch;
      const read = ({ bytes }: Publication) => this.#history.arrived(bytes, subscription.name) ?? [];
      this.#arrivals = batch.publications.flatMap(read);
    }
    for (const arrival of this.#arrivals) this.#history.delivered(subscription, arrival);
  }

  /** A gap was signalled. */
  gap(channel: string, reason: string): void {
    // What was delivered before it is heard before it.
    this.#pubsub.hub.flush();
    for (const { subscription } of this.#listeners) {
      if (subscription.channel === channel) this.#history.gap(subscription, reason);
    }
  }

  /** Looks at what should have ended. */
  review(): void {
    const { ranFor } = this.#process;
    const { publishLimit, subscribeLimit } = this.#plan.settings;
    for (const message of this.#open) {
      this.#history.overdue(`publish ${message.text}`, ranFor - message.ranWhenPublished, publishLimit);
      break;
    }
    for (const { subscription } of this.#listeners) {
      if (subscription.acknowledgedAt !== undefined) continue;
      this.#history.overdue(
        `subscription ${subscription.name}`,
        ranFor - subscription.ranWhenAsked,
        subscribeLimit,
      );
    }
  }

  #publishOn(): void {
    const { random, clock } = this.#process;
    clock.after(random.around(this.#plan.publishEvery), () => {
      if (!this.#isPublishing) return;
      for (let count = random.whole(1, this.#plan.largestBurst); count > 0; count--)
        this.#publish(random.pick(this.#plan.channels));
      this.#publishOn();
    });
  }

  #churnOn(): void {
    const { random, clock } = this.#process;
    clock.after(random.around(this.#plan.churnEvery), () => {
      if (!this.#isPublishing) return;
      const isFull = this.#listeners.size >= MOST_LISTENERS;
      const leaving = isFull || random.chance(0.5) ? random.maybe([...this.#listeners]) : undefined;
      if (leaving) this.#unsubscribe(leaving);
      else this.#subscribe(random.pick(this.#plan.channels));
      this.#churnOn();
    });
  }

  #publish(channel: string): void {
    const { name: origin, random } = this.#process;
    const number = (this.#numbers.get(channel) ?? 0) + 1;
    this.#numbers.set(channel, number);
    const text = `${origin}/${channel}/${number}`;
    const message = this.#history.published({ text, channel, origin, number, ranFor: this.#process.ranFor });
    this.#open.add(message);
    const bytes = bytesOf(text, random.chance(0.02) ? LARGE_BYTES : random.whole(0, 100));
    this.#pubsub.publish(new Publication(channel, bytes), (error) => {
      this.#open.delete(message);
      this.#history.ended(message, error && rejectionOf(error), this.#process.ranFor);
    });
  }

  #subscribe(channel: string): void {
    this.#count += 1;
    const { name, ranFor } = this.#process;
    const subscription = this.#history.asks(name, `${name}-c${this.#count}`, channel, ranFor);
    const listener = new Listener(subscription, this);
    this.#listeners.add(listener);
    this.#pubsub.subscribe(channel, listener, (error) => {
      // Whoever left meanwhile is told that it is done, and does not mind.
      if (subscription.endedAt !== undefined) return;
      if (error) this.#listeners.delete(listener);
      this.#history.acknowledged(subscription, error);
    });
  }

  #unsubscribe(listener: Listener): void {
    this.#listeners.delete(listener);
    this.#history.leaves(listener.subscription);
    this.#pubsub.unsubscribe(listener.subscription.channel, listener);
  }
}

function rejectionOf(error: Error): Rejection {
  const { mayStillArrive } = error as { mayStillArrive?: boolean };
  // An error that does not say so may mean anything.
  return { name: error.name, text: error.message, mayStillArrive: mayStillArrive ?? true };
}
