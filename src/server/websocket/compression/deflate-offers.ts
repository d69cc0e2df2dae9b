import { extension } from "ws";

declare module "ws" {
  /** Reads and writes the header of extensions; not in the types of `ws` yet. */
  export const extension: {
    parse(header: string): Record<string, Record<string, (string | true)[]>[]>;
  };
}

/** What a server says of compression, of the options of `ws`. */
export interface DeflateTerms {
  readonly serverNoContextTakeover?: unknown;
  readonly serverMaxWindowBits?: unknown;
  readonly clientMaxWindowBits?: unknown;
}

/** Parameters of an offer; `true` for one without a value. Each was given once. */
type Offer = Readonly<Record<string, string | true>>;

const NAME = "permessage-deflate";
/** [RFC 7692, 7.1.2: a number from 8 to 15 without leading zeros] */
const WINDOW_BITS = /^(?:[89]|1[0-5])$/;

/** Whether a value is allowed, by the parameter's name. A parameter that does not stand here is unknown. */
const PARAMETERS = new Map<string, (value: string | true) => boolean>([
  ["server_no_context_takeover", (value) => value === true],
  ["client_no_context_takeover", (value) => value === true],
  ["server_max_window_bits", (value) => value !== true && WINDOW_BITS.test(value)],
  ["client_max_window_bits", (value) => value === true || WINDOW_BITS.test(value)],
]);

/**
 * The first offer of compression that a server can agree to, as the value of a header that holds nothing else: `ws` reads
 * numbers as JavaScript does, and refuses the whole request for one offer that it does not like. [RFC 7692, 5.1]
 *
 * @param header what a client offers, of any extensions
 * @returns undefined if it offers nothing that can be agreed to
 * @throws {SyntaxError} if this is no list of extensions at all
 */
export function acceptableOffer(header: string, terms: DeflateTerms): string | undefined {
  for (const parameters of extension.parse(header)[NAME] ?? []) {
    const offer = singly(parameters);
    if (offer !== undefined && isAcceptable(offer, terms)) return written(offer);
  }
  return undefined;
}

/** @returns undefined if a parameter is unknown, comes twice, or has a value that it cannot have */
function singly(parameters: Readonly<Record<string, readonly (string | true)[]>>): Offer | undefined {
  const offer: Record<string, string | true> = {};
  for (const [name, values] of Object.entries(parameters)) {
    const [value] = values;
    if (values.length !== 1 || value === undefined || !PARAMETERS.get(name)?.(value)) return undefined;
    offer[name] = value;
  }
  return offer;
}

/** As `ws` decides on what it is given: a server may insist on a context, on a window of its own, or of clients. */
function isAcceptable(offer: Offer, terms: DeflateTerms): boolean {
  const { serverNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits } = terms;
  if (serverNoContextTakeover === false && offer.server_no_context_takeover) return false;
  const serverBits = offer.server_max_window_bits;
  if (serverBits !== undefined) {
    if (serverMaxWindowBits === false) return false;
    if (typeof serverMaxWindowBits === "number" && serverMaxWindowBits > Number(serverBits)) return false;
  }
  if (typeof clientMaxWindowBits !== "number") return true;
  const clientBits = offer.client_max_window_bits;
  return clientBits === true || (clientBits !== undefined && clientMaxWindowBits <= Number(clientBits));
}

function written(offer: Offer): string {
  const parameters = Object.entries(offer).map(([name, value]) =>
    value === true ? name : `${name}=${value}`,
  );
  return [NAME, ...parameters].join("; ");
}
