// Packages from the folder that the benchmark has installed, not those that this package happens to depend on.
const { createRequire } = require("node:module");
const { join } = require("node:path");

module.exports = createRequire(join(process.env.PEERS, "package.json"));
