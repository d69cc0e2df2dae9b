type Key = string | symbol;
type Json = Record<Key, unknown>;
type Reader = { [NODE]?: Node | undefined };

/** Under which a proxy gives what is behind it; nobody else has this symbol. */
const NODE = Symbol("node");

/** Objects and values in something small, of which a copy is made rather than a proxy: it costs less to look at. */
const SMALL = 64;
/** Items of a list from which on it is copied as a whole once so many of them were looked at: that is quicker. */
const LONG_LIST = 1_000;
const MANY_LOOKS = 100;

/** A part of the data, and the reader's copy of it. */
interface Copy {
  readonly copy: object;
  readonly parent: Node;
}

/**
 * One reader's own view of parsed JSON that others read as well. It looks and behaves like a copy that nobody else
 * has, but costs what is looked at: small parts are copied when they are looked at, others when they are changed, each by
 * itself and without what is in it.
 *
 * Those others are proxies. To the language they are objects and arrays like any other; only what looks behind them
 * (`structuredClone`, `postMessage`) refuses them, as it does all proxies.
 */
export class View {
  /** What the reader is given. */
  readonly data: object;
  /** What was looked at, by its source. */
  readonly nodes = new Map<object, Node | Copy>();
  /** Objects that came in through changes: they are the reader's, and handed back as they are. */
  readonly given = new WeakSet<object>();
  isChanged = false;

  /** @param source nothing changes it, neither through this nor otherwise */
  constructor(source: object) {
    const root = new Node(this, source as Json, undefined);
    this.nodes.set(source, root);
    this.data = root.proxy;
  }

  /** Whether it is not what it was. */
  hasChanged(): boolean {
    for (const [source, known] of this.nodes) {
      const isAsItWas = known instanceof Node ? known.isAsItWas() : isSame(known.copy, source);
      if (isAsItWas) continue;
      this.isChanged = true;
      (known instanceof Node ? known : known.parent).touch();
    }
    return this.isChanged;
  }

  /**
   * The same value without proxies, to be written, and not to be changed: what is in it may be shared. After
   * `hasChanged`.
   *
   * @param value this view's data, or anything made with them
   */
  plain(value: unknown): unknown {
    return this.#plain(value, new Set());
  }

  #plain(value: unknown, within: Set<object>): unknown {
    if (typeof value !== "object" || value === null) return value;
    const node = (value as Reader)[NODE];
    if (node !== undefined && !node.isTouched) return node.source;
    // Of what has a class of its own nobody but itself knows how it is written; a cycle is for who writes it.
    if ((node === undefined && !isPlain(value)) || within.has(value)) return value;
    within.add(value);
    const from = (node === undefined ? value : node.content) as Json;
    const made = Array.isArray(from)
      ? from.map((item) => this.#plainItem(node, item, within))
      : copyWith(from, (item) => this.#plainItem(node, item, within));
    within.delete(value);
    return made;
  }

  /** @param node whose item it is; undefined: of an object that is the reader's */
  #plainItem(node: Node | undefined, item: unknown, within: Set<object>): unknown {
    if (typeof item !== "object" || item === null) return item;
    // There may be very many of them; what is a proxy in them is written as well, only slower.
    if (node?.isReaders && !((item as Reader)[NODE] instanceof Node)) return item;
    if (node === undefined || node.isReaders || this.given.has(item)) return this.#plain(item, within);
    const known = this.nodes.get(item);
    if (known instanceof Node) return known.isTouched ? this.#plain(known.proxy, within) : item;
    return known === undefined ? item : this.#plain(known.copy, within);
  }
}

/** What a reader is given of a part of the data: the same whenever it looks. */
function shownOf(view: View, source: Json, parent: Node): object {
  const known = view.nodes.get(source);
  if (known !== undefined) return known instanceof Node ? known.proxy : known.copy;
  const copy = copyOf(source, SMALL) as object | undefined;
  if (copy !== undefined) {
    view.nodes.set(source, { copy, parent });
    return copy;
  }
  const node = new Node(view, source, parent);
  view.nodes.set(source, node);
  return node.proxy;
}

/** One object of the shared data as one view sees it, and the traps of its proxy. */
class Node implements ProxyHandler<Json> {
  readonly source: Json;
  readonly proxy: Json;
  readonly #view: View;
  readonly #parent: Node | undefined;
  /** What stands in for the source: empty until something in it changes, and then its copy. */
  readonly #own: Json;
  #isCopied = false;
  /** Of a long list: its copy, as long as nobody changed the list itself. */
  #whole: Json | undefined;
  #looks = 0;
  /** Whether what is in it are the reader's own objects, to be handed back as they are. */
  isReaders = false;
  /** Whether this or something in it is copied. */
  isTouched = false;

  constructor(view: View, source: Json, parent: Node | undefined) {
    this.source = source;
    this.#view = view;
    this.#parent = parent;
    this.#own = (Array.isArray(source) ? [] : {}) as Json;
    this.proxy = new Proxy(this.#own, this);
  }

  get content(): Json {
    return this.#isCopied ? this.#own : (this.#whole ?? this.source);
  }

  /** Whether the copy of a long list is still like its source. What was looked at before is not asked about. */
  isAsItWas(): boolean {
    const whole = this.#whole as unknown as unknown[] | undefined;
    if (this.#isCopied || whole === undefined) return true;
    const { nodes } = this.#view;
    const source = this.source as unknown as object[];
    return whole.every((item, i) => nodes.has(source[i] as object) || isSame(item, source[i]));
  }

  get(own: Json, key: Key, receiver: unknown): unknown {
    if (key === NODE) return this;
    if (this.#isCopied) {
      const descriptor = Reflect.getOwnPropertyDescriptor(own, key);
      return descriptor && "value" in descriptor
        ? this.#shown(descriptor.value)
        : Reflect.get(own, key, receiver);
    }
    if (this.#whole !== undefined) return this.#whole[key];
    const value = this.source[key];
    // What is inherited is nobody's data. Of functions, such as the methods of arrays, JSON has none.
    if (typeof value !== "object" || value === null || !Object.hasOwn(this.source, key)) return value;
    this.#looks += 1;
    if (this.#looks <= MANY_LOOKS || !this.#isLong) return shownOf(this.#view, value as Json, this);
    return this.#copyWhole()[key];
  }

  has(own: Json, key: Key): boolean {
    return Object.hasOwn(this.content, key) || Reflect.has(own, key);
  }

  ownKeys(): Key[] {
    if (this.#isLong) this.#copyWhole();
    return Reflect.ownKeys(this.content);
  }

  getOwnPropertyDescriptor(_own: Json, key: Key): PropertyDescriptor | undefined {
    const descriptor = Reflect.getOwnPropertyDescriptor(this.content, key);
    if (descriptor && "value" in descriptor) descriptor.value = this.#shown(descriptor.value);
    return descriptor;
  }

  set(own: Json, key: Key, value: unknown, receiver: unknown): boolean {
    // Something that inherits from this is changed.
    if (receiver !== this.proxy) return Reflect.set(own, key, value, receiver);
    return Reflect.set(this.#change(), key, this.#take(value));
  }

  defineProperty(_own: Json, key: Key, descriptor: PropertyDescriptor): boolean {
    if ("value" in descriptor) this.#take(descriptor.value);
    return Reflect.defineProperty(this.#change(), key, descriptor);
  }

  deleteProperty(_own: Json, key: Key): boolean {
    return Reflect.deleteProperty(this.#change(), key);
  }

  setPrototypeOf(_own: Json, prototype: object | null): boolean {
    return Reflect.setPrototypeOf(this.#change(), prototype);
  }

  preventExtensions(): boolean {
    const own = this.#change();
    // From now on the language compares what is shown with what is there: it must be the very same.
    for (const key of Object.keys(own)) own[key] = this.#take(this.#shown(own[key]));
    return Reflect.preventExtensions(own);
  }

  /** A value as the reader is to see it. */
  #shown(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (this.isReaders || this.#view.given.has(value)) return value;
    return shownOf(this.#view, value as Json, this);
  }

  get #isLong(): boolean {
    return Array.isArray(this.source) && this.source.length > LONG_LIST;
  }

  #copyWhole(): Json {
    if (this.isReaders) return this.content;
    const { nodes } = this.#view;
    const items = this.source as unknown as Json[];
    const whole = items.map((item) => (nodes.has(item) ? shownOf(this.#view, item, this) : copyOf(item)));
    this.#whole = whole as unknown as Json;
    this.isReaders = true;
    return this.#whole;
  }

  /** Makes the object the reader's own. */
  #change(): Json {
    this.#view.isChanged = true;
    if (this.#isCopied) return this.#own;
    if (this.#isLong) this.#copyWhole();
    copyInto(this.#own, this.content);
    this.#isCopied = true;
    this.touch();
    return this.#own;
  }

  /** Notes that this is changed, or something in it. */
  touch(): void {
    if (this.isTouched) return;
    this.isTouched = true;
    this.#parent?.touch();
  }

  #take<T>(value: T): T {
    if (typeof value === "object" && value !== null) this.#view.given.add(value);
    return value;
  }
}

/** A copy of parsed JSON; undefined if there are more than so many objects and values in it. */
export function copyOf(source: unknown, most = Infinity): unknown {
  return copied(source, { left: most });
}

function copied(source: unknown, room: { left: number }): unknown {
  room.left -= 1;
  if (typeof source !== "object" || source === null) return source;
  const isArray = Array.isArray(source);
  const keys = isArray ? source : Object.keys(source);
  if (keys.length > room.left) return undefined;
  const made = (isArray ? [] : {}) as Json;
  for (let i = 0; i < keys.length; i += 1) {
    const key = isArray ? i : (keys[i] as string);
    const value = copied((source as Json)[key as string], room);
    if (value === undefined) return undefined; // JSON has no undefined
    put(made, key as string, value);
  }
  return made;
}

/** Whether a copy of parsed JSON is still like its source. */
export function isSame(copy: unknown, source: unknown): boolean {
  if (typeof source !== "object" || source === null) return Object.is(copy, source);
  if (typeof copy !== "object" || copy === null || !isPlain(copy)) return false;
  if (Array.isArray(copy) !== Array.isArray(source)) return false;
  const keys = Object.keys(source);
  if (Object.keys(copy).length !== keys.length) return false;
  return keys.every((key) => Object.hasOwn(copy, key) && isSame((copy as Json)[key], (source as Json)[key]));
}

/** JSON may have a key named `__proto__`, and to assign that would do something else. */
function put(object: Json, key: string, value: unknown): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

function copyInto(own: Json, source: Json): void {
  if (Array.isArray(source)) for (const item of source) (own as unknown as unknown[]).push(item);
  else Object.defineProperties(own, Object.getOwnPropertyDescriptors(source));
}

function copyWith(from: Json, item: (value: unknown) => unknown): Json {
  const made: Json = {};
  for (const key of Object.keys(from)) {
    put(made, key, item(from[key]));
  }
  return made;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  const isOrdinary = prototype === Object.prototype || prototype === null || Array.isArray(value);
  return isOrdinary && typeof (value as { toJSON?: unknown }).toJSON !== "function";
}
