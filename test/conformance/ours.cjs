// Loaded before programs written for upstream's packages: where they ask for a file of socketcluster-server, or
// for scc-broker-client, they get ours. With KEEP_BROKER_CLIENT the latter stays upstream's.
const Module = require("node:module");
const { basename, dirname } = require("node:path");

const SERVER = dirname(require.resolve("socketcluster-server"));
const BROKER_CLIENT = require.resolve("scc-broker-client");
const resolve = Module._resolveFilename;
let given = 0;

Module._resolveFilename = function resolveFilename(...args) {
  const file = resolve.apply(this, args);
  if (file === BROKER_CLIENT && !process.env.KEEP_BROKER_CLIENT)
    return require.resolve("sccluster/broker-client");
  if (dirname(file) !== SERVER) return file;
  given += 1;
  const name = basename(file, ".js");
  return require.resolve(name === "index" ? "sccluster" : `sccluster/${name}`);
};

// A run that did not use ours proves nothing.
process.on("exit", () => {
  if (given === 0) process.exitCode = 99;
});
