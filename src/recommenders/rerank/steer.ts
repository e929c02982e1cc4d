import { controlError } from "../../metrics/lists/control.js";
import { genreSpread, type ItemSets } from "../../metrics/lists/diversity.js";

/** The diversities that are tried for a case. */
const GRID = Array.from({ length: 21 }, (_, step) => step / 20);

/**
 * Gives a re-ranker without a control for the number of genres one: of its lists at diversity 0, .05, ... 1, the one
 * whose number of genres is nearest to the wish; of several, the one of the least diversity, so that no accuracy is given
 * away.
 */
export function steeredList(
  list: (diversity: number) => Int32Array,
  genres: number,
  sets: ItemSets,
  genreCount: number,
): Int32Array {
  let best: Int32Array | undefined;
  let least = Infinity;
  for (const diversity of GRID) {
    const candidate = list(diversity);
    const error = controlError(genres, genreSpread(candidate, sets, genreCount).genres);
    if (error < least) [best, least] = [candidate, error];
    if (error === 0) break;
  }
  return best!;
}
