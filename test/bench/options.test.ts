import { describe, expect, it } from "vitest";
import { readOptions } from "../../bench/options.ts";
import { SCENARIOS } from "../../bench/suite/scenarios.ts";
import { STUDIES } from "../../bench/suite/studies.ts";

describe("The options", () => {
  it("ask for everything, five pairs and three repeats, into the folder of the benchmark", () => {
    const options = readOptions([], {});

    expect(options).toMatchObject({ pairs: 5, repeats: 3, quick: false, reportOnly: false, afresh: false });
    expect(options.scenarios).toEqual(SCENARIOS);
    expect(options.studies).toEqual(STUDIES);
    expect(options.folder).toMatch(/\/bench$/);
    expect(options.peers).toBeUndefined();
  });

  it("choose scenarios, studies and peers by name, or all of a kind", () => {
    const some = readOptions(["--only", "many, channels", "--against", "ws"], {});
    const growth = readOptions(["--only", "growth"], {});

    expect(some.scenarios.map(({ name }) => name)).toEqual(["many"]);
    expect(some.studies.map(({ name }) => name)).toEqual(["channels"]);
    expect([...some.against]).toEqual(["ws"]);
    expect(growth.scenarios).toEqual([]);
    expect(growth.studies).toEqual(STUDIES);
  });

  it("keep quick runs away from the results that are kept", () => {
    expect(readOptions(["--quick"], {})).toMatchObject({ pairs: 1, repeats: 1, quick: true });
    expect(readOptions(["--quick"], {}).folder).toMatch(/\/\.tmp\/bench$/);
    expect(readOptions(["--quick", "--out", "/elsewhere"], {}).folder).toBe("/elsewhere");
  });

  it("take the folder of the peers and what uWebSockets needs from the environment, and the flag first", () => {
    const env = { SCC_BENCH_PEERS: "/from/env", SCC_BENCH_UWS_PRELOAD: "/lib.so" };

    expect(readOptions([], env)).toMatchObject({ peers: "/from/env", uwsPreload: "/lib.so" });
    expect(readOptions(["--peers", "/from/flag"], env).peers).toBe("/from/flag");
  });

  it("measure no more repeats than pairs", () => {
    expect(readOptions(["--pairs", "2"], {})).toMatchObject({ pairs: 2, repeats: 2 });
    expect(readOptions(["--pairs", "20"], {})).toMatchObject({ pairs: 20, repeats: 3 });
  });
});
