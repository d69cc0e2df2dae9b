import type { Checker, Find } from "../checker.ts";
import { ensure } from "../table.ts";
import { formatPlace, type LogTruth, type Place } from "../truth.ts";

/** Invariant 3: (channel, epoch, offset) names one (origin, sequence, bytes), for ever. */
export function offsetsName(find: Find): Checker {
  return {
    invariant: 3,
    recordSaid({ by, place, known }) {
      if (known === undefined || known === place) return;
      find(`${by} says that ${formatPlace(place)} is ${shown(place)}, where ${shown(known)} was said before`);
    },
  };
}

/**
 * Invariant 7: in a channel (origin, sequence) has at most one offset between two gap signals (within an epoch
 * there is none), and an origin's sequences grow with the offsets.
 */
export function sequencesGrow(find: Find): Checker {
  const logs = new Map<LogTruth, Map<string, Place[]>>();
  return {
    invariant: 7,
    recordSaid({ place, known }) {
      if (known !== undefined) return;
      const origins = ensure(logs, place.log, () => new Map<string, Place[]>());
      insert(
        ensure(origins, place.origin, () => []),
        place,
        find,
      );
    },
  };
}

/** Keeps the places of an origin in order of their offsets; mostly the new one is the last. */
function insert(places: Place[], place: Place, find: Find): void {
  let index = places.length;
  while (index > 0 && (places[index - 1] as Place).offset > place.offset) index -= 1;
  const [before, after] = [places[index - 1], places[index]];
  if (before && before.sequence >= place.sequence) disorder(before, place, find);
  if (after && after.sequence <= place.sequence) disorder(place, after, find);
  places.splice(index, 0, place);
}

function disorder(first: Place, second: Place, find: Find): void {
  find(
    `${first.origin} is twice or out of order: ${shown(first)} at ${formatPlace(first)}, ${shown(second)} at ${formatPlace(second)}`,
  );
}

function shown({ text, origin, sequence }: Place): string {
  return `"${text}" (${origin.slice(0, 8)} ${sequence})`;
}
