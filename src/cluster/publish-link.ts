import type { PublishWindow } from "../link/publish-window.ts";
import type { BrokerPort } from "./broker-port.ts";
import { OwnerLink, type OwnerLinkEvents, type OwnerLinkOptions } from "./owner-link.ts";

/** A worker's link to a broker, and what bounds the publishes on it. */
export class PublishLink extends OwnerLink<BrokerPort> {
  /** What goes to this broker and is not confirmed yet. */
  readonly window: PublishWindow;

  constructor(
    options: OwnerLinkOptions<BrokerPort>,
    events: OwnerLinkEvents<BrokerPort>,
    createWindow: (port: () => BrokerPort | undefined) => PublishWindow,
  ) {
    super(options, events);
    this.window = createWindow(() => this.port);
  }
}
