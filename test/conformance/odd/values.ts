class Guarded {
  get name(): string {
    throw new Error("not readable");
  }
}
Object.defineProperty(Guarded.prototype, "name", { enumerable: true });

function cycle(): object {
  const value: Record<string, unknown> = { n: 1 };
  value.self = value;
  return value;
}

function unreadable(): object {
  const refuse = (): never => {
    throw new Error("not readable");
  };
  return new Proxy({}, { get: refuse, ownKeys: refuse, has: refuse, getOwnPropertyDescriptor: refuse });
}

/** What applications pass where something else is wanted, each made anew for each call. */
export const VALUES: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  "0": () => 0,
  "5": () => 5,
  NaN: () => Number.NaN,
  "1n": () => 1n,
  true: () => true,
  "empty text": () => "",
  text: () => "text",
  __proto__name: () => "__proto__",
  symbol: () => Symbol("odd"),
  function: () => function odd() {},
  array: () => [1, "two"],
  object: () => ({ n: 1 }),
  "object without prototype": () => Object.assign(Object.create(null), { n: 1 }),
  date: () => new Date(0),
  error: () => new Error("odd"),
  buffer: () => Buffer.from("bytes"),
  "array buffer": () => Uint8Array.of(1, 2).buffer,
  "typed array": () => Uint16Array.of(1, 2),
  "throwing getter": () =>
    Object.defineProperty({}, "n", { get: () => new Guarded().name, enumerable: true }),
  "throwing toJSON": () => ({ toJSON: () => new Guarded().name }),
  cycle,
  proxy: unreadable,
};
