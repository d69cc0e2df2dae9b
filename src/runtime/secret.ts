import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Whether a presented secret is one of those accepted, in constant time whatever their lengths.
 * With nothing to compare to (no secret configured), everything is accepted.
 */
export function secretMatches(
  presented: string | undefined,
  accepted: readonly (string | undefined)[],
): boolean {
  const wanted = accepted.filter((secret) => secret !== undefined);
  if (wanted.length === 0) return true;
  const given = digest(presented ?? "");
  let matches = false;
  for (const secret of wanted) {
    if (timingSafeEqual(given, digest(secret))) matches = true;
  }
  return matches;
}

function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
