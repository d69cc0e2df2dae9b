import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { View } from "./view.ts";

type Any = Record<string, unknown>;

describe("A view of shared data", () => {
  it("looks like a copy: in keys, values, text, loops and comparisons", () => {
    const { source, data, view } = setUp();

    expect(JSON.stringify(data)).toBe(JSON.stringify(source));
    expect(isDeepStrictEqual(data, source)).toBe(true);
    expect(Array.isArray(data.list)).toBe(true);
    expect((data.list as Any[]).map(({ id }) => id)).toEqual((source.list as Any[]).map(({ id }) => id));
    expect("user" in data).toBe(true);
    expect("toString" in data).toBe(true);
    expect({ ...data }.text).toBe(source.text);
    expect(data.user).toBe(data.user);
    expect(view.hasChanged()).toBe(false);
  });

  it("shows changes of any kind to its reader, and to nobody else", () => {
    const { source, data, view } = setUp();
    const before = structuredClone(source);

    (data.user as Any).name = "Bob";
    delete data.text;
    (data.list as unknown[]).push({ id: "new" });
    (data.deep as Any).list = [data.user];
    Object.defineProperty(data, "more", { value: 1, enumerable: true });
    Object.assign((data.list as Any[])[0] as Any, { id: -1 });

    expect(source).toEqual(before);
    expect(view.hasChanged()).toBe(true);
    const plain = view.plain(data) as Any;
    expect(plain).toEqual({
      ...before,
      text: undefined,
      user: { name: "Bob", tags: ["a", "b"] },
      list: [{ ...(before.list as Any[])[0], id: -1 }, ...(before.list as Any[]).slice(1), { id: "new" }],
      deep: { ...(before.deep as Any), list: [{ name: "Bob", tags: ["a", "b"] }] },
      more: 1,
    });
    expect(JSON.stringify(plain)).toBe(JSON.stringify(data));
  });

  it("may be frozen, sorted, emptied, and put into something else", () => {
    const { source, data, view } = setUp();
    const before = structuredClone(source);

    expect(Object.isFrozen(Object.freeze(data.deep))).toBe(true);
    expect(() => {
      (data.deep as Any).x = 1;
    }).toThrow(TypeError);
    (data.list as Any[]).sort((a, b) => Number(b.id) - Number(a.id));
    (data.matrix as unknown[]).length = 1;
    const wrapped = { ...data, own: { user: data.user } };

    expect(source).toEqual(before);
    view.hasChanged();
    expect(view.plain(wrapped)).toEqual({
      ...before,
      list: (before.list as Any[]).toReversed(),
      matrix: [[0]],
      own: { user: before.user },
    });
  });

  it("gives two readers nothing of each other, however much they have looked at", () => {
    const { source, data } = setUp();
    const other = new View(source).data as Any;
    JSON.stringify([data, other]);

    (data.user as Any).secret = 1;
    ((data.list as Any[])[5] as Any).secret = 1;
    (data.deep as Any).secret = 1;

    expect(JSON.stringify(other)).not.toContain("secret");
  });

  it("minds keys that mean something to the language", () => {
    const source = JSON.parse(`{"__proto__": {"a": 1}, "constructor": 2, "x": "${"y".repeat(100)}"}`) as Any;
    const bulk = JSON.parse(JSON.stringify(Array(100).fill(0))) as unknown[];
    const view = new View(Object.assign(source, { bulk }));
    const data = view.data as Any;

    data.z = 1;

    view.hasChanged();
    expect(JSON.stringify(view.plain(data))).toBe(JSON.stringify(data));
    expect(JSON.stringify(data)).toContain('"__proto__":{"a":1}');
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
  });

  it("is written like a copy after any changes, and leaves its source alone", () => {
    const json = fc.json({ maxDepth: 4, noUnicodeString: true } as never);
    const path = fc.array(fc.nat(6), { maxLength: 4 });
    const change = fc.record({ path, key: fc.string({ maxLength: 3 }), value: json, kind: fc.nat(3) });
    fc.assert(
      fc.property(json, fc.array(change, { maxLength: 8 }), (text, changes) => {
        const make = (): Any => ({
          root: JSON.parse(text) as unknown,
          list: Array.from({ length: 1_100 }, (_, i) => ({ i })),
          bulk: Array(100).fill(0),
        });
        const source = make();
        const view = new View(source);
        const data = view.data as Any;
        const copy = make();
        for (const each of changes) {
          applied(data, each);
          applied(copy, each);
        }
        view.hasChanged();

        expect(JSON.stringify(data)).toBe(JSON.stringify(copy));
        expect(JSON.stringify(view.plain(data))).toBe(JSON.stringify(copy));
        expect(JSON.stringify(source)).toBe(JSON.stringify(make()));
        if (!view.isChanged) expect(JSON.stringify(copy)).toBe(JSON.stringify(make()));
      }),
      { numRuns: 500 },
    );
  });
});

interface Change {
  readonly path: readonly number[];
  readonly key: string;
  readonly value: string;
  readonly kind: number;
}

function applied(root: Any, { path, key, value, kind }: Change): void {
  let at: Any = root;
  for (const step of path) {
    const next = Object.values(at)[step];
    if (typeof next === "object" && next !== null) at = next as Any;
  }
  if (kind === 0 && !Array.isArray(at)) at[key] = JSON.parse(value);
  else if (kind === 1) Reflect.deleteProperty(at, Object.keys(at)[0] ?? "");
  else if (Array.isArray(at) && kind === 2) at.splice(1, 1, JSON.parse(value), at[0]);
  else if (kind === 3 && !Array.isArray(at)) at.moved = Object.values(at).at(-1);
}

function setUp() {
  const source: Any = {
    text: "x".repeat(200),
    user: { name: "Ann", tags: ["a", "b"] },
    list: Array.from({ length: 200 }, (_, id) => ({ id, big: id % 50 === 0 ? Array(80).fill(id) : [] })),
    matrix: Array.from({ length: 1_200 }, (_, i) => [i]),
    deep: {
      down: {
        here: Array(100)
          .fill({ a: 1 })
          .map((each) => ({ ...each })),
      },
    },
  };
  const view = new View(source);
  return { source, view, data: view.data as Any };
}
