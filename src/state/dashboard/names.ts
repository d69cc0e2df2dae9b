import type { RingMember } from "../../cluster/ring/ring.ts";

/** A member as people know it: host and port. */
export function nameOf({ uri }: Pick<RingMember, "uri">): string {
  return uri.replace(/^wss?:\/\//, "");
}
