import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createApp } from "./create-app.ts";
import { packageNameOf } from "./name.ts";

let place: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "scc-create-"));
});

afterEach(() => rmSync(place, { recursive: true }));

function manifest(directory: string): { name: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
}

/** What is really there. */
function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .toSorted();
}

describe("createApp", () => {
  it("writes an application with a module, a page, a test, types and a Dockerfile", () => {
    const directory = join(place, "deep", "my-app");

    const { files } = createApp({ directory });

    expect(filesIn(directory)).toEqual(files);
    expect(files).toEqual(
      expect.arrayContaining([
        "app.js",
        "public/index.html",
        "test/app.test.js",
        "tsconfig.json",
        "Dockerfile",
      ]),
    );
    expect(files).toEqual(
      expect.arrayContaining([".gitignore", ".dockerignore", "package.json", "README.md"]),
    );
  });

  it("calls it by the name of its directory, everywhere", () => {
    const directory = join(place, "Blue & Green");

    const { name, files } = createApp({ directory });

    expect(name).toBe("blue-green");
    expect(manifest(directory).name).toBe("blue-green");
    for (const file of files)
      expect(readFileSync(join(directory, file), "utf8"), file).not.toContain("__name__");
    expect(readFileSync(join(directory, "public/index.html"), "utf8")).toContain("<title>blue-green</title>");
  });

  it("depends on the published package of its own version", () => {
    const { version } = manifest(".") as unknown as { version: string };

    createApp({ directory: join(place, "app") });

    expect(manifest(join(place, "app")).dependencies.sccluster).toBe(`^${version}`);
  });

  it("depends on a tarball, or a directory with the package, where it is told so", () => {
    writeFileSync(join(place, "sccluster.tgz"), "");
    mkdirSync(join(place, "clone"));
    writeFileSync(join(place, "clone/package.json"), '{ "name": "sccluster" }');

    createApp({ directory: join(place, "one"), from: join(place, "sccluster.tgz") });
    createApp({ directory: join(place, "two"), from: join(place, "clone") });

    expect(manifest(join(place, "one")).dependencies.sccluster).toBe("file:../sccluster.tgz");
    expect(manifest(join(place, "two")).dependencies.sccluster).toBe("file:../clone");
  });

  it("says what is wrong with the package it is to depend on, and writes nothing", () => {
    const directory = join(place, "app");
    writeFileSync(join(place, "notes.txt"), "");
    mkdirSync(join(place, "other"));
    writeFileSync(join(place, "other/package.json"), '{ "name": "other" }');

    expect(() => createApp({ directory, from: join(place, "gone.tgz") })).toThrow("there is no such file");
    expect(() => createApp({ directory, from: join(place, "notes.txt") })).toThrow(
      "a tarball made by npm pack",
    );
    expect(() => createApp({ directory, from: join(place, "other") })).toThrow(
      'the package there is "other"',
    );
    expect(() => createApp({ directory, from: place })).toThrow("it has no package.json");
    expect(readdirSync(place)).not.toContain("app");
  });

  it("refuses a directory with files in it, and names some of them", () => {
    const directory = join(place, "app");
    mkdirSync(directory);
    writeFileSync(join(directory, "server.js"), "mine");

    expect(() => createApp({ directory })).toThrow("must be empty, and holds server.js; --force writes");
    expect(() => createApp({ directory: join(directory, "server.js") })).toThrow("it is a file");
    expect(filesIn(directory)).toEqual(["server.js"]);
  });

  it("takes a new repository for an empty directory", () => {
    mkdirSync(join(place, ".git"));

    expect(() => createApp({ directory: place })).not.toThrow();
  });

  it("writes beside other files when forced to, and leaves them alone", () => {
    writeFileSync(join(place, "server.js"), "mine");

    createApp({ directory: place, force: true });

    expect(readFileSync(join(place, "server.js"), "utf8")).toBe("mine");
    expect(filesIn(place)).toContain("app.js");
  });
});

describe("packageNameOf", () => {
  it.each([
    ["my-app", "my-app"],
    ["My App 2", "my-app-2"],
    ["_private", "private"],
    ["...", "app"],
    ["Größe", "gr-e"],
    ["sccluster", "sccluster-app"],
  ])("makes of %j a name that npm takes: %j", (directory, name) => {
    expect(packageNameOf(directory)).toBe(name);
  });
});
