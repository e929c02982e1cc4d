import type { ItemDistance } from "../../metrics/lists/diversity.js";
import { greedyList, type Pool, relevanceOf } from "./pool.js";

/**
 * Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): each place takes the item with the largest
 * (1 - diversity) relevance - diversity (largest similarity to what is listed already). Relevance is the score brought to
 * 0..1 over the pool, similarity is 1 - distance.
 * @param diversity - 0: the order of scores; 1: relevance only breaks ties.
 */
export function mmrList(pool: Pool, k: number, diversity: number, distance: ItemDistance): Int32Array {
  const relevance = relevanceOf(pool);
  const nearest = new Float64Array(pool.items.length);
  let chosen = 0;
  return greedyList(
    pool,
    k,
    (place) => (1 - diversity) * relevance[place] - (chosen === 0 ? 0 : diversity * nearest[place]),
    (place) => {
      pool.items.forEach((item, other) => {
        const similarity = 1 - distance(item, pool.items[place]);
        nearest[other] = chosen === 0 ? similarity : Math.max(nearest[other], similarity);
      });
      chosen++;
    },
  );
}
