import { OwnerLink, type OwnerLinkEvents, type OwnerLinkOptions } from "../cluster/peer/owner-link.ts";
import type { BrokerPort } from "./broker-port.ts";
import type { Canary } from "./canary.ts";
import type { PublishWindow } from "./publish-window.ts";

/** What belongs to a worker's link to a broker, and outlives its connections. */
export interface PublishLinkParts {
  /** What goes to this broker and is not confirmed yet. */
  readonly window: PublishWindow;
  /** Whether what goes there gets through. */
  readonly canary: Canary;
}

/** A worker's link to a broker, what bounds the publishes on it, and what proves that they get through. */
export class PublishLink extends OwnerLink<BrokerPort> {
  readonly window: PublishWindow;
  readonly canary: Canary;

  constructor(
    options: OwnerLinkOptions<BrokerPort>,
    events: OwnerLinkEvents<BrokerPort>,
    createParts: (port: () => BrokerPort | undefined) => PublishLinkParts,
  ) {
    super(options, events);
    const { window, canary } = createParts(() => this.port);
    this.window = window;
    this.canary = canary;
  }

  /** Why nothing can be published on this broker now. */
  get trouble(): string | undefined {
    const { uri } = this.member;
    if (this.port === undefined) return `no link to broker ${uri}`;
    return this.canary.isLate ? `linked to broker ${uri}, but no canary comes back from it` : undefined;
  }
}
