import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

function read(file) {
  return readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
}

function lines(file) {
  return read(file).split("\n").toSorted();
}

function manifest(variant) {
  const { name, dependencies, ...rest } = JSON.parse(read(`${variant}/package.json`));
  return { dependencies, rest };
}

describe("Migrating server.js", () => {
  it("changes its two import lines, and nothing else", () => {
    const [before, after] = [lines("before/server.js"), lines("after/server.js")];

    assert.deepEqual(
      before.filter((line) => !after.includes(line)),
      [
        'import sccBrokerClient from "scc-broker-client";',
        'import socketClusterServer from "socketcluster-server";',
      ],
    );
    assert.deepEqual(
      after.filter((line) => !before.includes(line)),
      [
        'import sccBrokerClient from "sccluster/broker-client";',
        'import socketClusterServer from "sccluster";',
      ],
    );
    assert.equal(before.length, after.length);
  });

  it("changes not a byte of it with an alias, only what package.json says socketcluster-server is", () => {
    assert.equal(read("alias/server.js"), read("before/server.js"));

    const [before, alias] = [manifest("before"), manifest("alias")];
    const changed = Object.keys(alias.dependencies).filter(
      (name) => alias.dependencies[name] !== before.dependencies[name],
    );
    assert.deepEqual(changed, ["socketcluster-server"]);
    assert.deepEqual(Object.keys(alias.dependencies), Object.keys(before.dependencies));
    assert.deepEqual(alias.rest, before.rest);
  });
});
