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
  /** Sum of the listed items' distributions. */
  const weights = new Float64Array(wanted.length);
  let listed = 0;
  // What each genre adds to KL(wanted || list of one more item), where that item does not have it: most are untouched.
  let terms = termsOf(wanted, weights, 1);
  let untouched = sumOf(terms);
  return greedyList(
    pool,
    k,
    (place) => {
      const item = pool.items[place];
      const share = 1 / (offsets[item + 1] - offsets[item]);
      let divergence = untouched;
      for (let at = offsets[item]; at < offsets[item + 1]; at++) {
        const genre = indices[at];
        divergence += termOf(wanted[genre], weights[genre] + share, listed + 1) - terms[genre];
      }
      return (1 - diversity) * relevance[place] - diversity * divergence;
    },
    (place) => {
      const item = pool.items[place];
      const share = 1 / (offsets[item + 1] - offsets[item]);
      for (let at = offsets[item]; at < offsets[item + 1]; at++) weights[indices[at]] += share;
      listed++;
      terms = termsOf(wanted, weights, listed + 1);
      untouched = sumOf(terms);
    },
  );
}

/** p log(p / q) with q the smoothed weight / count, in nats; 0 for a genre that is not wanted. */
function termOf(p: number, weight: number, count: number): number {
  return p === 0 ? 0 : p * Math.log(p / (((1 - SMOOTHING) * weight) / count + SMOOTHING * p));
}

function termsOf(wanted: ArrayLike<number>, weights: Float64Array, count: number): Float64Array {
  return weights.map((weight, genre) => termOf(wanted[genre], weight, count));
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
