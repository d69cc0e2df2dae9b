import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const BASE = ["runtime", "protocol", "pubsub"];
const CLUSTER = [...BASE, "link", "cluster"];

/**
 * From which floors of src/ each floor may import, besides itself. Lower ones come first.
 * docs/architecture.md explains the table.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  runtime: [],
  protocol: ["runtime"],
  pubsub: ["runtime", "protocol"],
  link: BASE,
  server: BASE,
  cluster: [...BASE, "link"],
  "broker-client": CLUSTER,
  api: [...CLUSTER, "server", "broker-client"],
  state: [...CLUSTER, "server"],
  broker: [...CLUSTER, "server"],
  worker: [...CLUSTER, "server", "broker-client", "api"],
  tools: CLUSTER,
  cli: ["runtime", "tools"],
};

/** From which rooms of a floor each of its rooms may import, besides itself. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "cluster/ring": [],
  "cluster/peer": ["cluster/ring"],
  "cluster/replica": ["cluster/ring", "cluster/peer"],
  "cluster/report": ["cluster/ring", "cluster/peer"],
  "cluster/registration": ["cluster/ring", "cluster/peer", "cluster/report"],
  "tools/bench": [],
  "tools/chaos": ["tools/bench"],
  "tools/doctor": [],
};

/** `cli` starts the services, and shows their settings: it may load these files of theirs, and no others. */
const STARTED_BY_CLI = /^(state|broker|worker)\/(main|config|start)\.ts$/;

/** Folders of logic that is simulated: a new file of theirs is pure, or stands in `IMPURE` with its reason. */
const PURE_FOLDERS = ["broker-client", "broker/owner", "cluster", "protocol", "pubsub", "state/membership"];

const IMPURE: Readonly<Record<string, string>> = {
  "cluster/registration/member.ts": "gives a member what chance it needs",
  "broker-client/worker-cluster.ts": "wires a worker's place in the cluster to the clock, and to the network",
};

/** Of other folders the files that are simulated. */
const PURE = [
  "broker/upstream/unheld-packets.ts",
  "broker/upstream/upstream-packet.ts",
  "broker/links/canaries.ts",
  "broker/links/worker-windows.ts",
  "tools/chaos/check/checker.ts",
  "tools/chaos/check/order.ts",
  "tools/chaos/check/pause.ts",
  "tools/chaos/check/stream.ts",
  "tools/chaos/check/subscription.ts",
  "tools/chaos/faults/fault.ts",
  "tools/chaos/faults/lane.ts",
  "tools/chaos/load/pace.ts",
  "tools/chaos/scenarios/scenario.ts",
  "tools/chaos/scenarios/scenarios.ts",
  "tools/chaos/scenarios/soak.ts",
  "cli/pub/pace.ts",
  "cli/up/life.ts",
  "link/entries.ts",
  "link/name-table.ts",
  "broker-client/publish-window.ts",
  "link/pulse.ts",
  "link/read-entries.ts",
  "broker-client/unconfirmed.ts",
  "runtime/budgets.ts",
  "state/dashboard/login-limit.ts",
  "state/member-room.ts",
  "state/service.ts",
  "state/wakefulness.ts",
  "state/worker-news.ts",
  "worker/processes/merge-metrics.ts",
  "worker/processes/readiness.ts",
];

/** Words of the network, of time and of chance. */
const BANNED =
  /from "(ws|node:(net|http|https|tls|dgram|timers.*))"|\b(setTimeout|setInterval|setImmediate|queueMicrotask|nextTick|systemClock|Date\.now|performance\.now|Math\.random|randomUUID)\b/;

const ANY_IMPORT = /(?:from|import\() ?"(\.{1,2}\/[\w./-]+)"/g;
const SRC = fileURLToPath(new URL("../src/", import.meta.url));
const IMPORT = /(?:from|import\() ?"(?:\.\.\/)+([\w-]+)\/([\w./-]+)"/g;

function sources(): { file: string; folder: string; text: string }[] {
  return readdirSync(SRC, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(".ts") && !/\.(test|contract)\.ts$/.test(file))
    .map((file) => ({ file, folder: file.split("/")[0] ?? "", text: readFileSync(`${SRC}${file}`, "utf8") }));
}

function isInPureFolder(file: string): boolean {
  return PURE_FOLDERS.some((folder) => file.startsWith(`${folder}/`));
}

describe("The architecture", () => {
  it("lets every floor import only from the floors below it", () => {
    const violations = sources().flatMap(({ file, folder, text }) =>
      [...text.matchAll(IMPORT)]
        .filter(([, target = "", path = ""]) => {
          if (folder === "cli" && STARTED_BY_CLI.test(`${target}/${path}`)) return false;
          return target !== folder && target in MAY_IMPORT && !MAY_IMPORT[folder]?.includes(target);
        })
        .map(([, target, path]) => `${file} imports ${target}/${path}`),
    );

    expect(violations).toEqual([]);
  });

  it("lets every room import only from the rooms of its floor below it", () => {
    const roomOf = (path: string): string | undefined =>
      Object.keys(ROOMS).find((room) => path.startsWith(`${room}/`));
    const violations = sources().flatMap(({ file, text }) => {
      const room = roomOf(file);
      if (room === undefined) return [];
      return [...text.matchAll(ANY_IMPORT)]
        .map(([, path = ""]) => join(dirname(file), path))
        .filter((path) => {
          const target = roomOf(path);
          const isOfFloor = target?.split("/")[0] === room.split("/")[0];
          return target !== undefined && isOfFloor && target !== room && !ROOMS[room]?.includes(target);
        })
        .map((path) => `${file} imports ${path}`);
    });

    expect(violations).toEqual([]);
  });

  it("knows every floor of src/", () => {
    const folders = new Set(sources().map(({ folder }) => folder));

    expect([...folders].toSorted()).toEqual(Object.keys(MAY_IMPORT).toSorted());
  });

  it("keeps sockets, timers, clocks and chance out of the logic that is simulated", () => {
    const impure = sources()
      .filter(({ file }) => PURE.includes(file) || isInPureFolder(file))
      // Asking what an address looks like opens nothing.
      .filter(({ text }) => BANNED.test(text.replace(/import \{( isIP(v4|v6)?,?)+ \} from "node:net";/, "")))
      .map(({ file }) => file);

    expect(impure.toSorted()).toEqual(Object.keys(IMPURE).toSorted());
  });

  it("knows by name only files that are there", () => {
    const files = new Set(sources().map(({ file }) => file));

    expect(PURE.filter((file) => !files.has(file))).toEqual([]);
  });

  it("holds to it whatever says that it is pure", () => {
    const claimed = sources().filter(({ file, text }) => !isInPureFolder(file) && /\bPure[.:]/.test(text));

    expect(claimed.map(({ file }) => file).filter((file) => !PURE.includes(file))).toEqual([]);
  });

  it("keeps every file within 600 lines", () => {
    const long = sources().filter(({ text }) => text.split("\n").length > 601);

    expect(long.map(({ file }) => file)).toEqual([]);
  });
});
