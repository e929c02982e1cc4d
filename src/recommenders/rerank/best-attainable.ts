import type { GenreWish } from "../../tasks/controlled-list.js";
import { type GenreData, nearestQuota } from "./nearest-quota.js";
import { poolOf } from "./pool.js";

/** The best list for a case whose targets are known. @param seen - items that are not listed, unless they are targets. */
export type BestAttainable = (
  targets: ArrayLike<number>,
  seen: ArrayLike<number>,
  wish: GenreWish | null,
  length: number,
) => Int32Array;

/**
 * The list with the most targets among all that have the wished genres, its targets first: no list that keeps to the wish has a larger NDCG,
 * recall or hit rate.
 */
export function bestAttainable(data: GenreData): BestAttainable {
  const listOf = nearestQuota(data);
  const scores = new Float32Array(data.items.keys.length);
  return (targets, seen, wish, length) => {
    const wanted = new Set(Array.from(targets));
    const others = Int32Array.from(new Set(Array.from(seen).filter((item) => !wanted.has(item)))).sort();
    for (const item of wanted) scores[item] = 1;
    const list =
      wish === null
        ? poolOf(scores, new Set(others)).items.slice(0, length)
        : listOf(scores, { seen: others, length }, wish);
    for (const item of wanted) scores[item] = 0;
    return list;
  };
}
