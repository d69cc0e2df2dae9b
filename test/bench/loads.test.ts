import { describe, expect, it } from "vitest";
import { CONTENDER_NAMES } from "../../bench/contenders/contender.ts";
import { contenderOf } from "../../bench/contenders/contenders.ts";
import { whyNot } from "../../bench/contenders/install.ts";
import { presenceOf } from "../../bench/contenders/missing.ts";
import { PEERS } from "../../bench/contenders/peers.ts";
import { withoutFolders } from "../../bench/record/without-folders.ts";
import { fitted, type Load, SILENT, USUAL } from "../../bench/suite/load.ts";

const IDLE: Load = {
  ...USUAL,
  ...SILENT,
  subscribers: 20_000,
  shape: { workers: 2, brokers: 1 },
  generators: 2,
};

describe("A load", () => {
  it("is left as it is where its connections fit into what processes may open", () => {
    expect(fitted(IDLE, 20_000)).toEqual({ load: IDLE });
    expect(fitted(IDLE, Number.POSITIVE_INFINITY)).toEqual({ load: IDLE });
  });

  it("has fewer connections, and says so, where they do not fit", () => {
    const { load, note } = fitted(IDLE, 4500);

    expect(load.subscribers).toBe(8000);
    expect(note).toBe("8000 connections instead of 20000: a process may open 4500 files here");
  });

  it("is limited by the side that has fewer processes, publishers included", () => {
    const one = { ...IDLE, generators: 1, publishers: 50 };
    const split = { ...IDLE, split: true };

    expect(fitted(one, 4500).load.subscribers).toBe(3950);
    expect(fitted(split, 4500).load.subscribers).toBe(4000);
  });
});

describe("Every contender", () => {
  it("has a port of its own for each process, as many workers as asked for, and no more ports than are kept", () => {
    for (const name of CONTENDER_NAMES) {
      let port = 20_000;
      const site = { port: () => port++, authKey: "key", peers: "/peers", uwsPreload: undefined };
      const processes = contenderOf(name).processes({ workers: 3, brokers: 2 }, site).flat();
      const ports = processes.map((process) => process.port);

      expect(processes.filter(({ role }) => role === "worker")).toHaveLength(3);
      expect(new Set(ports).size, name).toBe(processes.length);
      expect(port - 20_000, name).toBeLessThanOrEqual(3 + 2 + 1);
      expect(new Set(processes.map((process) => process.name)).size, name).toBe(processes.length);
    }
  });
});

describe("A peer that cannot be measured", () => {
  it("is named with the reason: nothing was installed, or it does not load", async () => {
    const nowhere = await presenceOf(
      PEERS,
      { folder: "/nowhere", problem: "npm install failed: E404" },
      undefined,
    );
    const empty = await presenceOf(
      PEERS.filter(({ name }) => name === "ws"),
      { folder: "/nowhere" },
      undefined,
    );

    expect([...nowhere.values()]).toEqual(
      PEERS.map(() => ({ versions: [], missing: "npm install failed: E404" })),
    );
    expect(empty.get("ws")?.missing).toBe("ws is not installed");
  });

  it("is told by the line that is nearest to the cause", () => {
    const stderr =
      "/opt/app/uws.js:22\n\nError: This version supports only these systems (https://example.com/a/b.md).\n\nError: /lib/libc.so.6: version `GLIBC_2.38' not found (required by /opt/app/uws.node)\n    at x (/opt/app/uws.js:22:9)\n";

    expect(whyNot(Object.assign(new Error("Command failed"), { stderr }))).toBe(
      "Error: libc.so.6: version `GLIBC_2.38' not found (required by uws.node)",
    );
    expect(whyNot(new Error("spawn npm ENOENT\nmore"))).toBe("spawn npm ENOENT");
    expect(
      whyNot(Object.assign(new Error("x"), { stderr: "npm error code E404\nnpm error 404 Not: x" })),
    ).toBe("npm error code E404");
  });

  it("tells nothing of where things are on this machine, and keeps addresses whole", () => {
    expect(withoutFolders("in file:///home/me/a-b/x.js:1 see https://example.com/a/b and n/a")).toBe(
      "in x.js:1 see https://example.com/a/b and n/a",
    );
    expect(withoutFolders("x".repeat(1000)).length).toBeLessThan(310);
  });
});
