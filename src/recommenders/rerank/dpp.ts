import type { ItemDistance } from "../../metrics/lists/diversity.js";
import { greedyList, type Pool, relevanceOf } from "./pool.js";

/**
 * How much of the kernel's off-diagonal is similarity. Below 1 the kernel is positive definite even where items are told
 * apart by a genre only: a second item of a genre then costs much, but not everything.
 */
const SHARE = 0.9;

/** Pivots below this are rounding noise: such items come last, by score (the paper stops there). */
const NO_PIVOT = 1e-10;

/**
 * Determinantal point process, greedy MAP (Chen, Zhang and Zhou, NeurIPS 2018, algorithm 1): each place takes the item
 * that raises the determinant of the kernel most, with the Cholesky rows kept from place to place. The kernel is
 * q_i S_ij q_j with S_ij = 0.9 (1 - distance) off the diagonal, 1 on it, and q_i = exp(a relevance_i),
 * a = (1 - diversity) / (2 diversity) (the paper's equation 23 with theta = 1 - diversity).
 * @param distance - must make 1 - distance positive semidefinite, as Jaccard and cosine distances do.
 * @param diversity - above 0 (0: the order of scores), at most 1: relevance does not count.
 */
export function dppList(pool: Pool, k: number, diversity: number, distance: ItemDistance): Int32Array {
  if (diversity === 0) return pool.items.slice(0, k);
  const { items } = pool;
  const weight = (1 - diversity) / (2 * diversity);
  // Scaled so that the best item has quality 1: a common factor changes no choice, and nothing overflows.
  const logQuality = relevanceOf(pool).map((relevance) => weight * (relevance - 1));
  // In units of each item's own quality: the pivot of item i is q_i^2 residual_i, its Cholesky row q_i row_i.
  const residual = new Float64Array(items.length).fill(1);
  const rows: Float64Array[] = [];
  return greedyList(
    pool,
    k,
    (place) => (residual[place] < NO_PIVOT ? -Infinity : 2 * logQuality[place] + Math.log(residual[place])),
    (place) => {
      const pivot = Math.sqrt(Math.max(residual[place], NO_PIVOT));
      const row = Float64Array.from(items, (item, other) => {
        let value = other === place ? 1 : SHARE * (1 - distance(item, items[place]));
        for (const earlier of rows) value -= earlier[place] * earlier[other];
        return value / pivot;
      });
      row.forEach((value, other) => (residual[other] -= value * value));
      rows.push(row);
    },
  );
}
