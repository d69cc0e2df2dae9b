import { isDeepStrictEqual } from "node:util";
import { type DataForm, PLAIN } from "../../protocol/data-form.ts";
import type { Publication } from "../../pubsub/publication.ts";
import type { Connection } from "../connection.ts";
import type { OutboundAction } from "../middleware/middleware.ts";
import { copyOf, isSame, View } from "./view.ts";

/**
 * Bytes of data up to which each subscriber's middleware gets a copy of its own, if it asks for the data. Of longer ones
 * it is given a view.
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

  /** Whether the data are JSON and nothing else: views and copies know no Buffers. */
  get isJson(): boolean {
    return this.#form === PLAIN;
  }

  /** A copy for one subscriber. */
  copy(): unknown {
    return this.isJson ? copyOf(this.data) : this.#form.read(this.publication.bytes);
  }

  /** Parsed once for all, and to be changed by nobody. */
  get data(): unknown {
    if (!this.#isParsed) {
      this.#data = this.#form.read(this.publication.bytes);
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
      const { isJson, isLong } = this.#shared;
      this.#data = isJson && isLong ? this.#viewed(this.#shared.data) : this.#shared.copy();
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
    const isWhatItRead = this.#isRead && data === this.#data;
    const hasChanged = this.#view?.hasChanged() ?? false;
    if (isWhatItRead && !hasChanged && this.#isAsShared(data)) return undefined;
    return { data: this.#view === undefined ? data : this.#view.plain(data) };
  }

  /** Whether what was read is still what all share. A view knows by itself whether it was changed. */
  #isAsShared(data: unknown): boolean {
    if (this.#view !== undefined) return true;
    return this.#shared.isJson ? isSame(data, this.#shared.data) : isDeepStrictEqual(data, this.#shared.data);
  }

  #viewed(data: unknown): unknown {
    if (typeof data !== "object" || data === null) return data;
    this.#view = new View(data);
    return this.#view.data;
  }
}
