import { TopK } from "../../metrics/ranking/top-k.js";

/** What a re-ranker chooses from: item numbers and their scores, best first, equal scores by lower item number. */
export interface Pool {
  readonly items: Int32Array;
  readonly scores: Float64Array;
}

/**
 * All items of a row of scores that may be listed, sorted.
 * @param scores - by item number; must be finite.
 * @param excluded - items that must not be listed, such as those of the history.
 */
export function poolOf(scores: ArrayLike<number>, excluded: ReadonlySet<number>): Pool {
  const items = Int32Array.from({ length: scores.length }, (_, item) => item)
    .filter((item) => !excluded.has(item))
    .sort((a, b) => scores[b] - scores[a] || a - b);
  return { items, scores: Float64Array.from(items, (item) => scores[item]) };
}

/**
 * The head of {@link poolOf} without sorting the rest: the best `size` items, and the best `perGenre` of each genre (and of
 * the items without one), so that a re-ranker sees few items and can still reach every genre.
 * @param excluded - ascending.
 * @param genreOf - by item number; -1: no genre.
 */
export function headOf(
  scores: Float32Array,
  excluded: Int32Array,
  genreOf: Int32Array,
  { size, perGenre }: { readonly size: number; readonly perGenre: number },
): Pool {
  const top = new TopK(size);
  top.select(scores, { excluded });
  const kept = new Set(top.items.subarray(0, top.size));
  const known = new Set(excluded);
  /** The best items of each genre so far, best first; equal scores stay in the order of their numbers. */
  const best = new Map<number, number[]>();
  for (let item = 0; item < scores.length; item++) {
    const own = best.get(genreOf[item]);
    if (own === undefined) {
      if (!known.has(item)) best.set(genreOf[item], [item]);
      continue;
    }
    if (own.length === perGenre && scores[own[perGenre - 1]] >= scores[item]) continue;
    if (known.has(item)) continue;
    let place = own.length;
    while (place > 0 && scores[own[place - 1]] < scores[item]) place--;
    own.splice(place, 0, item);
    if (own.length > perGenre) own.pop();
  }
  for (const own of best.values()) for (const item of own) kept.add(item);
  const items = Int32Array.from(kept).sort((a, b) => scores[b] - scores[a] || a - b);
  return { items, scores: Float64Array.from(items, (item) => scores[item]) };
}

/** Scores brought to 0..1 over the pool (its best is 1); all 1 where they are equal. */
export function relevanceOf({ scores }: Pool): Float64Array {
  const top = scores[0];
  const span = top - scores[scores.length - 1];
  return scores.map((score) => (span === 0 ? 1 : 1 - (top - score) / span));
}

/**
 * Builds a list place by place: each place takes the item of the pool with the largest gain, the better scored one of
 * equals.
 * @param gain - of the pool's item at a place, given what was chosen before.
 * @param choose - told of each choice, to bring its state up to date.
 */
export function greedyList(
  pool: Pool,
  k: number,
  gain: (place: number) => number,
  choose: (place: number) => void,
): Int32Array {
  const length = Math.min(k, pool.items.length);
  const used = new Uint8Array(pool.items.length);
  const list = new Int32Array(length);
  for (let n = 0; n < length; n++) {
    let best = -1;
    let most = -Infinity;
    for (let place = 0; place < used.length; place++) {
      if (used[place] === 1) continue;
      const value = gain(place);
      if (best === -1 || value > most) [best, most] = [place, value];
    }
    used[best] = 1;
    list[n] = pool.items[best];
    choose(best);
  }
  return list;
}
