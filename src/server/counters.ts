/** What happened since the start, as plain numbers: counting costs an addition. Metrics read them. */
export class Counters {
  /** Connections that finished their handshake. */
  handshakes = 0;
  /** WebSockets refused at the upgrade, or closed before their handshake was done. */
  aborted = 0;
  messagesIn = 0;
  bytesIn = 0;
  /** Messages to clients: a publication to three subscribers counts three. */
  messagesOut = 0;
  bytesOut = 0;
  /** Calls of the operating system to write to clients' sockets: at most one per connection and turn. */
  writes = 0;
  slowConsumers = 0;
  /** Clients that are not read now, because what they publish cannot be passed on; and how often it came to that. */
  heldBack = 0;
  holdBacks = 0;
  /** Messages compressed: a publication counts once, however many get it. */
  compressions = 0;
  /** Publications that a slow consumer did not get, so that it could stay. */
  droppedPublications = 0;
  errors = 0;
  /** How often connections ended with each code. */
  readonly closes = new Map<number, number>();

  closed(code: number): void {
    this.closes.set(code, (this.closes.get(code) ?? 0) + 1);
  }
}
