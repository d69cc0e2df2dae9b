const MOST = 300;

/** What a program said, shortened, with the names of files but not where they are on this machine. */
export function withoutFolders(text: string): string {
  const told = text
    .replaceAll(/(?<![\w:/])(?:file:\/\/)?(?:\/[\w.@+~-]+)+\/(?=[\w.@+~-])/g, "")
    .replaceAll(/\s+/g, " ");
  return told.length > MOST ? `${told.slice(0, MOST)}…` : told;
}
