import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pack, REPOSITORY, run, runWell } from "../support/package.ts";

const BIN = join(REPOSITORY, "node_modules/.bin");

let directory: string;
let tarball: string;

/** A project whose package.json says `"socketcluster-server": "npm:sccluster"`, and which knows upstream's files. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "scc-alias-"));
  tarball = await pack(directory);
  const modules = join(directory, "node_modules");
  for (const name of ["socketcluster-server", "sccluster"]) {
    mkdirSync(join(modules, name), { recursive: true });
    await runWell(directory, "tar", ["-xzf", tarball, "--strip-components=1", "-C", join(modules, name)]);
  }
  for (const name of readdirSync(join(REPOSITORY, "node_modules"))) {
    if (name.startsWith(".") || ["socketcluster-server", "sccluster"].includes(name)) continue;
    symlinkSync(join(REPOSITORY, "node_modules", name), join(modules, name));
  }
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs a program in that project, and returns what it printed. */
async function printed(file: string, program: string): Promise<unknown> {
  writeFileSync(join(directory, file), program);
  return JSON.parse(await runWell(directory, process.execPath, [file]));
}

const ENTRIES = ["action", "server", "serversocket", "broker-client"].flatMap((name) => [name, `${name}.js`]);

describe("The package, in the place of socketcluster-server", () => {
  it("is required as upstream's is: the module, and each of its files by both names", async () => {
    const program = `
      const http = require("http");
      const socketClusterServer = require("socketcluster-server");
      const { AGServer, AGServerSocket, AGRequest, attach, listen } = socketClusterServer;
      const server = socketClusterServer.attach(http.createServer(), { authKey: "key" });
      const same = (name, value) => [name, name + ".js"].every((file) => require("socketcluster-server/" + file) === value);
      console.log(JSON.stringify({
        server: server instanceof require("socketcluster-server/server"),
        AGServer: same("server", AGServer),
        AGServerSocket: same("serversocket", AGServerSocket),
        AGAction: same("action", socketClusterServer.AGAction) && new (require("socketcluster-server/action"))().outcome === null,
        constants: [require("socketcluster-server/action").PUBLISH_IN, AGServer.MIDDLEWARE_INBOUND, AGServerSocket.OPEN],
        functions: [attach, listen, AGRequest, require("sccluster/broker-client").attach].map((value) => typeof value),
      }));
      process.exit();
    `;

    expect(await printed("use.cjs", program)).toEqual({
      server: true,
      AGServer: true,
      AGServerSocket: true,
      AGAction: true,
      constants: ["publishIn", "inbound", "open"],
      functions: ["function", "function", "function", "function"],
    });
  });

  it("is imported as upstream's is, by name or as a whole", async () => {
    const program = `
      import socketClusterServer, { AGServer, attach } from "socketcluster-server";
      import AGAction from "socketcluster-server/action.js";
      import Server from "socketcluster-server/server";
      import AGServerSocket from "socketcluster-server/serversocket.js";
      import brokerClient, { attach as join } from "sccluster/broker-client";
      console.log(JSON.stringify([
        socketClusterServer.attach === attach,
        socketClusterServer.AGServer === AGServer && AGServer === Server,
        socketClusterServer.AGServerSocket === AGServerSocket,
        AGAction.INVOKE,
        brokerClient.attach === join,
      ]));
    `;

    expect(await printed("use.mjs", program)).toEqual([true, true, true, "invoke", true]);
  });

  it.each(ENTRIES)("has one implementation, whether %s is imported or required", async (entry) => {
    const program = `
      import { createRequire } from "node:module";
      import imported from "sccluster/${entry}";
      const required = createRequire(import.meta.url)("sccluster/${entry}");
      console.log((required.default ?? required) === imported);
    `;

    expect(await printed("same.mjs", program)).toBe(true);
  });

  it("has types for those who import and those who require", async () => {
    const uses = `
      const server: InstanceType<typeof AGServer> = sccluster.attach(createServer(), { path: "/" });
      server.setMiddleware(server.MIDDLEWARE_INBOUND, async (stream) => {
        for await (const action of stream) action.type === AGAction.PUBLISH_IN ? action.allow() : action.block();
      });
      const client = join(server.brokerEngine, { stateServerHost: "127.0.0.1" });
      const uris: Promise<{ readonly brokerURIs: readonly string[] }> = client.listener("updateBrokers").once();
      // @ts-expect-error: a path is text
      sccluster.attach(createServer(), { path: 1 });
      export { uris };
    `;
    const imports = `
      import { createServer } from "node:http";
      import * as sccluster from "sccluster";
      import AGAction from "sccluster/action";
      import AGServer from "sccluster/server";
      import { attach as join } from "sccluster/broker-client";
    `;
    const requires = `
      import { createServer } from "node:http";
      import sccluster = require("sccluster");
      import AGAction = require("sccluster/action");
      import AGServer = require("sccluster/server");
      import { attach as join } from "sccluster/broker-client";
    `;
    writeFileSync(join(directory, "imports.mts"), imports + uses);
    writeFileSync(join(directory, "requires.cts"), requires + uses);
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--types", "node"];

    expect(await run(directory, join(BIN, "tsc"), [...options, "imports.mts", "requires.cts"])).toEqual({
      code: 0,
      output: "",
    });
  });

  it("has nothing for publint to find", async () => {
    const { code, output } = await run(REPOSITORY, join(BIN, "publint"), ["run", tarball, "--strict"]);

    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining("All good!") });
  });

  it("has no wrong types", async () => {
    // Every Node.js that it runs on requires ES modules, and the resolution of before `exports` knows no files of ours.
    const rules = ["--profile", "node16", "--ignore-rules", "cjs-resolves-to-esm"];
    const { code, output } = await run(REPOSITORY, join(BIN, "attw"), [tarball, ...rules, "--no-color"]);

    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining("broker-client.js") });
  });
});
