import { readFileSync } from "node:fs";

/** Version of this package. */
export const RELEASE: string = readVersion();

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return String(version);
}
