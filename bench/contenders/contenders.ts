import type { Contender, ContenderName } from "./contender.ts";
import { ours } from "./ours.ts";
import { PEERS } from "./peers.ts";

const ALL = new Map<ContenderName, Contender>(
  [ours, ...PEERS].map((contender) => [contender.name, contender]),
);

export function contenderOf(name: ContenderName): Contender {
  const contender = ALL.get(name);
  if (contender === undefined) throw new RangeError(`No contender is called "${name}"`);
  return contender;
}
