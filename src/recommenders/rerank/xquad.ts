import type { ItemSets } from "../../metrics/lists/diversity.js";
import { greedyList, type Pool, relevanceOf } from "./pool.js";

/**
 * xQuAD (Santos, Macdonald and Ounis, WWW 2010) with genres as aspects: each place takes the item with the largest
 * (1 - diversity) relevance_i + diversity sum_g wanted_g P(i | g) prod_{j listed} (1 - P(j | g)), where P(i | g) is one
 * over the number of i's genres for each of them, and 0 for others. Relevance is the score brought to 0..1 over the pool.
 * @param wanted - weight of each genre, summing to 1.
 */
export function xquadList(
  pool: Pool,
  k: number,
  diversity: number,
  { offsets, indices }: ItemSets,
  wanted: ArrayLike<number>,
): Int32Array {
  const relevance = relevanceOf(pool);
  const uncovered = Float64Array.from(wanted);
  return greedyList(
    pool,
    k,
    (place) => {
      const item = pool.items[place];
      const share = 1 / (offsets[item + 1] - offsets[item]);
      let novelty = 0;
      for (let at = offsets[item]; at < offsets[item + 1]; at++) novelty += share * uncovered[indices[at]];
      return (1 - diversity) * relevance[place] + diversity * novelty;
    },
    (place) => {
      const item = pool.items[place];
      const share = 1 / (offsets[item + 1] - offsets[item]);
      for (let at = offsets[item]; at < offsets[item + 1]; at++) uncovered[indices[at]] *= 1 - share;
    },
  );
}
