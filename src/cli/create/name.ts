/** Names that npm would not install into, because the application depends on packages of that name. */
const TAKEN: readonly string[] = ["sccluster", "socketcluster-client", "node_modules", "typescript"];

/** What a package in this directory can be called: npm takes lower case, digits and a few signs. */
export function packageNameOf(directory: string): string {
  const name = directory
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|-+$/g, "")
    .slice(0, 214);
  if (name === "") return "app";
  return TAKEN.includes(name) ? `${name}-app` : name;
}
