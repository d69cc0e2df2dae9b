/** Longer words are not looked at: what it costs grows with the square of their length. */
const MAX_LENGTH = 80;

/**
 * The word that was probably meant by a mistyped one: the one that takes the fewest letters added, left out, changed or
 * swapped with their neighbours, if they are no more than a third of it.
 */
export function nearest(mistyped: string, words: Iterable<string>): string | undefined {
  if (mistyped.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  let least = Math.floor(mistyped.length / 3) + 1;
  for (const word of words) {
    if (Math.abs(word.length - mistyped.length) >= least) continue;
    const steps = distance(mistyped, word);
    if (steps < least) [best, least] = [word, steps];
  }
  return best;
}

/** Letters to add, leave out, change, or swap with the next one: optimal string alignment. */
function distance(from: string, to: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: to.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1;
      let steps = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + change);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        steps = Math.min(steps, at(before, j - 2) + 1);
      row.push(steps);
    }
    [before, last] = [last, row];
  }
  return at(last, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
