import type { ItemSets } from "../../metrics/lists/diversity.js";
import { greedyList, type Pool, relevanceOf } from "./pool.js";

/** Share of the wanted distribution mixed into the list's own, so that no logarithm is of 0 (Steck's alpha). */
const SMOOTHING = 0.01;

/**
 * Calibrated recommendations (Steck, RecSys 2018): greedily maximises (1 - diversity) sum of relevance - diversity
 * KL(wanted || list), where the list's distribution is the mean of its items' (one over the number of their genres for
 * each), smoothed by 1 % of the wanted one. Relevance is the score brought to 0..1 over the pool.
 * @param wanted - the genre distribution that the list should have, summing to 1.
 */
export function calibratedList(
  pool: Pool,
  k: number,
  diversity: number,
  { offsets, indices }: ItemSets,
  wanted: ArrayLike<number>,
): Int32Array {
  const relevance = relevanceOf(pool);
  const weights = new Float64Array(wanted.length);
  let listed = 0;
  const add = (place: number, factor: number) => {
    const item = pool.items[place];
    const share = factor / (offsets[item + 1] - offsets[item]);
    for (let at = offsets[item]; at < offsets[item + 1]; at++) weights[indices[at]] += share;
  };
  return greedyList(
    pool,
    k,
    (place) => {
      add(place, 1);
      const distance = divergence(wanted, weights, listed + 1);
      add(place, -1);
      return (1 - diversity) * relevance[place] - diversity * distance;
    },
    (place) => {
      add(place, 1);
      listed++;
    },
  );
}

/** KL(wanted || smoothed weights / count) in nats; genres that are not wanted add nothing. */
function divergence(wanted: ArrayLike<number>, weights: Float64Array, count: number): number {
  let sum = 0;
  for (let genre = 0; genre < weights.length; genre++) {
    const p = wanted[genre];
    if (p === 0) continue;
    const q = ((1 - SMOOTHING) * weights[genre]) / count + SMOOTHING * p;
    sum += p * Math.log(p / q);
  }
  return sum;
}
