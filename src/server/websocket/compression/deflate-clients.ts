import type { IncomingMessage } from "node:http";
import type { ServerCore } from "../../core.ts";
import type { PerMessageDeflate, ServerOptions } from "../../options.ts";
import { Deflater, deflateSettings } from "./deflate.ts";
import { acceptableOffer, type DeflateTerms } from "./deflate-offers.ts";

/**
 * Windows that messages are compressed for. A client is given the largest that is not larger than its own, so
 * that a message is compressed three times at most, whatever clients ask for.
 */
const WINDOWS = [15, 12, 9] as const;
/** How the line of an answer begins that says so. What else stands in it a client may have written. */
const OFFERS = "sec-websocket-extensions";
const AGREED = "Sec-WebSocket-Extensions: permessage-deflate";

type Given = Partial<Pick<ServerOptions, "perMessageDeflate" | "wsEngineServerOptions">>;

/** Compression as the application asked for it; what it says to `ws` itself goes before. */
export function compressionOf(options: Given): PerMessageDeflate | undefined {
  const given = options.wsEngineServerOptions?.perMessageDeflate as PerMessageDeflate | null | undefined;
  return given ?? options.perMessageDeflate;
}

/** What is wrong with the options, one sentence each. */
export function deflateProblems(options: Given): string[] {
  const compression: unknown = compressionOf(options) ?? false;
  if (typeof compression !== "boolean" && typeof compression !== "object") {
    return [`perMessageDeflate: expected true, false or options of ws, got ${JSON.stringify(compression)}`];
  }
  try {
    deflateSettings(compression as PerMessageDeflate);
    return [];
  } catch (error) {
    return [`perMessageDeflate: ${(error as Error).message}`];
  }
}

/**
 * What `ws` is to negotiate. Without a context clients need not keep what came before, which our frames never
 * refer to.
 */
export function negotiable(compression: PerMessageDeflate): PerMessageDeflate {
  if (compression === false) return false;
  return { serverNoContextTakeover: true, ...(compression === true ? {} : compression) };
}

/** Knows which clients take compressed messages, and has a `Deflater` for each kind of them. */
export class DeflateClients {
  readonly #deflaters = new Map<number, Deflater>();
  readonly #terms: DeflateTerms;
  /** What the client whose request `ws` reads now has offered. */
  #offered: string | undefined;
  #agreed: Deflater | undefined;

  /** `undefined` if the server does not compress. */
  static of(core: ServerCore): DeflateClients | undefined {
    const compression = compressionOf(core.options);
    return compression ? new DeflateClients(core, compression) : undefined;
  }

  private constructor(core: ServerCore, compression: PerMessageDeflate) {
    const settings = deflateSettings(compression);
    this.#terms = negotiable(compression) as DeflateTerms;
    const owner = {
      compressed: () => {
        core.counters.compressions += 1;
      },
      failed: (error: unknown) => core.warn(error),
    };
    for (const bits of WINDOWS) this.#deflaters.set(bits, new Deflater(settings, bits, owner));
  }

  /**
   * Leaves of what a client offers only what is agreed on; `restore` follows when `ws` has read it, before anybody else
   * sees the request. What is no list of offers is left for `ws` to refuse.
   */
  choose({ headers }: IncomingMessage): void {
    const offered = headers[OFFERS];
    this.#offered = offered;
    if (offered === undefined) return;
    try {
      headers[OFFERS] = acceptableOffer(offered, this.#terms);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }

  restore({ headers }: IncomingMessage): void {
    if (this.#offered !== undefined) headers[OFFERS] = this.#offered;
  }

  /** Reads what `ws` is about to answer to an upgrade; `take` follows in the same breath. */
  readonly answering = (headers: readonly string[]): void => {
    const agreed = headers.find((line) => line.startsWith(AGREED));
    this.#agreed = agreed === undefined ? undefined : this.#for(agreed);
  };

  /** What the client whose upgrade was just answered agreed to; `undefined` for one that takes plain messages. */
  take(): Deflater | undefined {
    const agreed = this.#agreed;
    this.#agreed = undefined;
    return agreed;
  }

  /** zlib knows no window of 8: who asks for that gets plain messages, which everybody must take. */
  #for(agreed: string): Deflater | undefined {
    const [, asked] = /server_max_window_bits=(\d+)/.exec(agreed) ?? [];
    const bits = asked === undefined ? WINDOWS[0] : Number(asked);
    const window = WINDOWS.find((size) => size <= bits);
    return window && this.#deflaters.get(window);
  }
}
