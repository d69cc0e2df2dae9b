import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, subscribe } from "../support/client.ts";
import { install, pack, REPOSITORY, run, runWell } from "../support/package.ts";
import { Cluster, freePort, until } from "../support/processes.ts";
import { ServerProcess } from "../support/spawned.ts";

const EXAMPLES = ["chat", "dashboard", "migrating"];
const INSTALLING_MS = 180_000;
const RUNNING_MS = 60_000;

/** Everything here happens in one directory, as on a machine that knows nothing of this repository. */
let place: string;
let tarball: string;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), "scc-examples-"));
  tarball = await pack(place);
  await installExamples();
}, INSTALLING_MS);

afterAll(() => rmSync(place, { recursive: true, force: true }));

/** All in one installation, each with what its own package.json asks for, but the package from the tarball. */
async function installExamples(): Promise<void> {
  const workspaces = [...EXAMPLES, "migrating/before", "migrating/after", "migrating/alias"];
  for (const example of EXAMPLES) {
    const options = { recursive: true, filter: (file: string) => basename(file) !== "node_modules" };
    cpSync(join(REPOSITORY, "examples", example), join(place, example), options);
  }
  for (const workspace of workspaces) {
    const file = join(place, workspace, "package.json");
    const { workspaces: _inner, ...manifest } = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify(manifest).replaceAll(/"file:(\.\.\/)+\.\."/g, `"file:${tarball}"`));
  }
  writeFileSync(join(place, "package.json"), JSON.stringify({ private: true, workspaces }));
  await install(place);
}

function inPlace(...parts: string[]): string {
  return join(place, ...parts);
}

describe("An example, with the package as it would be published", () => {
  it.each(["chat", "dashboard"])(
    "passes its tests: %s",
    async (example) => {
      await runWell(inPlace(example), "npm", ["test"]);
    },
    RUNNING_MS,
  );

  it.each(["chat", "dashboard"])(
    "starts with npm start, serves its page, and ends when told to: %s",
    async (example) => {
      const server = new ServerProcess(inPlace(example), "npm", ["start"], await freePort());
      await server.serves("/readyz");

      const page = await fetch(`http://127.0.0.1:${server.port}/`);

      expect(await page.text()).toContain("<!doctype html>");
      await server.stop();
      expect(server.output).not.toContain('"level":50');
    },
    RUNNING_MS,
  );
});

describe("The migrated server", () => {
  it(
    "differs from the original by its import lines, or by package.json alone, and behaves the same",
    async () => {
      const output = await runWell(inPlace("migrating"), "npm", ["test"]);

      expect(output).toContain("changes its two import lines, and nothing else");
    },
    RUNNING_MS,
  );

  it.each(["after", "alias"])(
    "shares its channels with another through the cluster: %s",
    { timeout: RUNNING_MS },
    async (variant) => {
      const cluster = await Cluster.create();
      await cluster.state().ready();
      await (await cluster.broker()).ready();
      const env = { SCC_STATE_SERVER_HOST: "127.0.0.1", SCC_STATE_SERVER_PORT: String(cluster.statePort) };
      const start = async () =>
        new ServerProcess(inPlace("migrating", variant), "node", ["server.js"], await freePort(), env);
      const [one, other] = [await start(), await start()];
      await Promise.all([one.serves("/health-check"), other.serves("/health-check")]);

      const received = await subscribe(await connect(one.port), "news");
      const publisher = await connect(other.port);
      await publisher.invokePublish("news", "Hello");

      await until("the message arrives", async () => {
        // Upstream's way into the cluster may lose what is published right after a subscription.
        if (variant === "alias") await publisher.invokePublish("news", "Hello");
        return received.length > 0;
      });
      expect(variant === "alias" ? received.slice(0, 1) : received).toEqual(["Hello"]);
    },
  );
});

describe("scc create, from the package as it would be published", () => {
  it(
    "makes an application that installs, passes its tests and starts",
    async () => {
      mkdirSync(inPlace("mine"));

      const said = await scc("create", "my-app", "--from", tarball);

      expect(said).toContain("cd my-app\n  npm install\n  npm start");
      const app = inPlace("mine", "my-app");
      // npm leaves some files whose names begin with a dot out of packages.
      for (const file of [".gitignore", ".dockerignore"])
        expect(existsSync(join(app, file)), file).toBe(true);
      await install(app);
      await runWell(app, "npm", ["test"]);
      await expectToChat(new ServerProcess(app, "npm", ["start"], await freePort()));
      await expectTypesToHelp(app);
    },
    INSTALLING_MS,
  );

  it("says what is wrong, with exit code 2", async () => {
    const { code, output } = await run(place, "node_modules/.bin/scc", ["create", "chat"]);

    expect(code).toBe(2);
    expect(output).toContain('Cannot create "chat": the directory must be empty, and holds');
    expect(output.trim().split("\n")).toHaveLength(1);
    expect(existsSync(inPlace("chat", "Dockerfile"))).toBe(false);
  });

  function scc(...args: string[]): Promise<string> {
    return runWell(inPlace("mine"), inPlace("node_modules/.bin/scc"), args);
  }

  async function expectToChat(server: ServerProcess): Promise<void> {
    await server.serves("/readyz");
    const page = await fetch(`http://127.0.0.1:${server.port}/`);
    expect(await page.text()).toContain("<title>my-app</title>");
    const received = await subscribe(await connect(server.port), "chat");
    await (await connect(server.port)).invokePublish("chat", { from: "blue", text: "Hello" });
    await until("the message arrives", () => received.length > 0);
    expect(received).toEqual([{ from: "blue", text: "Hello", at: expect.any(Number) }]);
    await server.stop();
  }

  /** A mistake that only types can tell. */
  async function expectTypesToHelp(app: string): Promise<void> {
    const file = join(app, "app.js");
    writeFileSync(file, readFileSync(file, "utf8").replace("text: data.text", "text: data.txet"));
    const { code, output } = await run(app, "npm", ["run", "types"]);
    expect(code).not.toBe(0);
    expect(output).toContain("txet");
  }
});
