import { isDeepStrictEqual } from "node:util";
import { type DataForm, PLAIN } from "../protocol/data-form.ts";
import type { Publication } from "../pubsub/publication.ts";
import type { Connection } from "./connection.ts";
import type { OutboundAction } from "./middleware.ts";
import { View } from "./view.ts";

/**
 * Bytes of data up to which each subscriber's middleware gets a parsed copy of its own, if it asks for the data.
 * Longer ones are parsed once for all, and each is given a view.
 */
export const OWN_COPY_BYTES = 16 * 1024;

/** The data of a publication that middleware decides about, for as long as it does. */
export class SharedData {
  readonly publication: Publication;
  /** Subscribers whose middleware has not decided yet. */
  users = 0;
  readonly #form: DataForm;
  #data: unknown;
  #isParsed = false;

  /** @param form how the data are read */
  constructor(publication: Publication, form: DataForm) {
    this.publication = publication;
    this.#form = form;
  }

  get isLong(): boolean {
    return this.publication.bytes.length > OWN_COPY_BYTES;
  }

  /** Whether each subscriber gets a view: of JSON only, since views know no Buffers. */
  get isViewed(): boolean {
    return this.isLong && this.#form === PLAIN;
  }

  /** Parsed anew. */
  copy(): unknown {
    return this.#form.read(this.publication.bytes);
  }

  /** Parsed once for all, and to be changed by nobody. */
  get data(): unknown {
    if (!this.#isParsed) {
      this.#data = this.copy();
      this.#isParsed = true;
    }
    return this.#data;
  }
}

/** A publication that is about to go to one subscriber. Its data are parsed if somebody looks at them. */
export class PublishOut implements OutboundAction {
  readonly type = "publishOut";
  readonly connection: Connection;
  readonly channel: string;
  readonly #shared: SharedData;
  #view: View | undefined;
  #data: unknown;
  #isRead = false;

  constructor(connection: Connection, shared: SharedData) {
    this.connection = connection;
    this.channel = shared.publication.channel;
    this.#shared = shared;
  }

  get data(): unknown {
    if (!this.#isRead) {
      this.#isRead = true;
      this.#data = this.#shared.isViewed ? this.#viewed(this.#shared.data) : this.#shared.copy();
    }
    return this.#data;
  }

  /**
   * What is to be sent, once middleware has allowed it.
   *
   * @param given what it was allowed with; undefined: what it was asked about
   * @returns undefined if that is the publication as it came
   */
  outcome(given: unknown): { readonly data: unknown } | undefined {
    if (given === undefined && !this.#isRead) return undefined;
    const data = given === undefined ? this.#data : given;
    const isSame = this.#isRead && data === this.#data;
    const hasChanged = this.#view?.hasChanged() ?? false;
    if (isSame && this.#shared.isViewed && !hasChanged) return undefined;
    if (isSame && !this.#shared.isViewed && isDeepStrictEqual(data, this.#shared.data)) return undefined;
    return { data: this.#view === undefined ? data : this.#view.plain(data) };
  }

  #viewed(data: unknown): unknown {
    if (typeof data !== "object" || data === null) return data;
    this.#view = new View(data);
    return this.#view.data;
  }
}
