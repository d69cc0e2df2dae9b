import { type Hello, parseHello } from "../../cluster/peer/peer-hello.ts";
import { Port, type PortOptions } from "../../cluster/peer/port.ts";

export interface PeerPortOptions extends PortOptions {
  /** The other side said who it is, and both know each other's ring. */
  readonly introduced: (hello: Hello) => void;
}

/** A link that this broker made to another: logs are handed over and copied on it, and nothing else. */
export class PeerPort extends Port {
  readonly #introduced: (hello: Hello) => void;

  constructor(options: PeerPortOptions) {
    super(options, (channel) => ({ channel }));
    this.#introduced = options.introduced;
  }

  override hello(json: string): void {
    const hello = parseHello(json);
    this.introducedAs(hello);
    this.linkRing.peerHas(hello.ring);
    this.#introduced(hello);
  }
}
