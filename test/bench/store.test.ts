import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Store } from "../../bench/record/store.ts";
import { measured, pair, session } from "./fixtures.ts";

const DAY = "2026-11-23";
const PAIR = pair("fanout", "ws", measured(1), measured(2, { errors: { ECONNRESET: 1 }, note: "fewer" }));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "scc-bench-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("Results", () => {
  it("are read as they were written", () => {
    const store = Store.open(folder, false, DAY);
    store.add(session());
    store.add(PAIR);

    expect(Store.open(folder, false, DAY).read()).toEqual([session(), PAIR]);
    expect(readdirSync(folder)).toEqual([`${DAY}.jsonl`]);
  });

  it("are continued on later days, unless new ones are begun", () => {
    Store.open(folder, false, DAY).add(session());

    const continued = Store.open(folder, false, "2026-11-24");
    const afresh = Store.open(folder, true, "2026-11-24");
    afresh.add(session());

    expect(continued.name).toBe(DAY);
    expect(afresh.name).toBe("2026-11-24");
    expect(Store.open(folder, false, "2026-11-25").name).toBe("2026-11-24");
  });

  it("are begun again on the same day under another name, and the newest of ten are continued", () => {
    for (let count = 1; count <= 10; count++) Store.open(folder, true, DAY).add(session());

    expect(Store.open(folder, false, DAY).name).toBe(`${DAY}-10`);
  });

  it("survive a crash in the middle of a line, and go on behind it", () => {
    const store = Store.open(folder, false, DAY);
    store.add(session());
    appendFileSync(join(folder, `${DAY}.jsonl`), '{"kind":"compar');

    store.add(PAIR);

    expect(store.read()).toEqual([session(), PAIR]);
  });

  it("keep a last line that nobody ended", () => {
    writeFileSync(join(folder, `${DAY}.jsonl`), JSON.stringify(session()));

    expect(Store.open(folder, false, DAY).read()).toEqual([session()]);
  });

  it("that are not ours are refused, with the line and what is wrong with it", () => {
    writeFileSync(
      join(folder, `${DAY}.jsonl`),
      `${JSON.stringify(session())}\n{"kind":"growth","at":"now"}\n`,
    );

    expect(() => Store.open(folder, false, DAY).read()).toThrow(/2026-11-23\.jsonl, line 2: at: /);
  });
});
