import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { constants, runInThisContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AppContext, loadModule, ModuleError, startModule } from "./module.ts";

describe("loadModule", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "scc-module-"));
  });

  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ["esm.mjs", "export default () => 'esm';", "esm"],
    ["async.mjs", "export default async () => 'async';", "async"],
    ["cjs.cjs", "module.exports = () => 'cjs';", "cjs"],
    ["transpiled.cjs", "exports.__esModule = true; exports.default = () => 'transpiled';", "transpiled"],
    ["plain.js", "module.exports = () => 'plain';", "plain"],
  ])("finds the function in %s", async (name, source, expected) => {
    const app = await loadModule(await file(name, source), nodeImport);

    expect(await app(context)).toBe(expected);
  });

  it("reads a .js file as ESM where package.json says so", async () => {
    await mkdir(join(folder, "package"));
    await file("package/package.json", '{ "type": "module" }');

    const app = await loadModule(await file("package/app.js", "export default () => 'esm';"), nodeImport);

    expect(await app(context)).toBe("esm");
  });

  it("takes a path from the working directory", async () => {
    const path = relative(process.cwd(), await file("relative.mjs", "export default () => 1;"));

    await expect(loadModule(path, nodeImport)).resolves.toBeTypeOf("function");
  });

  it.each([
    ["absent.mjs", undefined, /there is no such file; the path is taken from the working directory/],
    ["broken.mjs", "export default (=> 1;", /it has a syntax error: [\s\S]*node --check .*broken\.mjs/],
    ["broken.cjs", "module.exports = (=> 1;", /it has a syntax error: [\s\S]*broken\.cjs:1/],
    ["nothing.mjs", "export const app = () => 1;", /it must export a function/],
    ["object.cjs", "module.exports = { app() {} };", /it must export a function/],
    ["missing.mjs", "import 'no-such-package-here';", /no-such-package-here.*is it installed/],
    ["missing.cjs", "require('no-such-package-here');", /no-such-package-here.*is it installed/],
    ["neighbour.mjs", "import './gone.mjs';", /gone\.mjs.*is it installed/],
    ["throws.mjs", "throw new Error('out of luck');", /its top level threw: Error: out of luck/],
    ["image.png", "", /it must be JavaScript/],
  ])("says what is wrong with %s", async (name, source, message) => {
    const path = source === undefined ? join(folder, name) : await file(name, source);

    const loading = loadModule(path, nodeImport);

    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toBeInstanceOf(ModuleError);
    await expect(loading).rejects.toMatchObject({ code: "SCC_MODULE" });
  });

  async function file(name: string, source: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, source);
    return path;
  }
});

describe("startModule", () => {
  it("waits for the application, and returns what it wants called at shutdown", async () => {
    const close = (): void => {};

    expect(await startModule(async () => close, context)).toBe(close);
  });

  it("ignores what is no function", async () => {
    expect(await startModule(() => "done", context)).toBeUndefined();
  });
});

// Node's own import(): the test runner replaces the word wherever it stands in a source file.
const nodeImport = runInThisContext("(href) => import(href)", {
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
}) as (href: string) => Promise<unknown>;

// What a module is given is not looked at on the way.
const context = {} as AppContext;
