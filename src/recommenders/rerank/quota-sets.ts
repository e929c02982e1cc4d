import type { ItemSets } from "../../metrics/lists/diversity.js";
import type { GenreWish } from "../../tasks/controlled-list.js";
import type { Pool } from "./pool.js";

/** Genre sets are kept as the bits of a number. */
export const MOST_GENRES = 30;

/**
 * {@link quotaList} for items of several genres: the list of k items with the largest sum of scores whose genres, all
 * together, are exactly N (or exactly the given set). Exact: for every set of N genres, the k best items within it are a
 * bound on what the set can give; sets are tried from the largest bound down, each solved by a table over (items taken,
 * genres covered), until no bound is above the best list found.
 * @param genreCount - how many genres there are, at most 30.
 * @returns items by falling score; undefined where the pool has no such list.
 */
export function quotaSetsList(
  pool: Pool,
  sets: ItemSets,
  genreCount: number,
  wish: GenreWish,
  k: number,
): Int32Array | undefined {
  if (genreCount > MOST_GENRES) throw new RangeError(`${genreCount} genres: at most ${MOST_GENRES}`);
  const masks = Int32Array.from(pool.items, (item) => {
    let mask = 0;
    for (let at = sets.offsets[item]; at < sets.offsets[item + 1]; at++) mask |= 1 << sets.indices[at];
    return mask;
  });
  const places = bestOfEachMask(masks, k);
  const targets = typeof wish === "number" ? subsetsOfSize(genreCount, wish) : [maskOf(wish)];
  const bounded = targets
    .map((target) => ({ target, bound: boundOf(target, pool.scores, masks, places, k) }))
    .filter(({ bound }) => bound > -Infinity)
    .sort((a, b) => b.bound - a.bound);
  let best: Cover | undefined;
  for (const { target, bound } of bounded) {
    if (best !== undefined && bound <= best.sum) break;
    const found = bestCover(target, pool.scores, masks, places, k);
    if (found !== undefined && (best === undefined || found.sum > best.sum)) best = found;
  }
  return best && Int32Array.from(best.places, (place) => pool.items[place]);
}

interface Cover {
  readonly sum: number;
  /** Places in the pool, ascending. */
  readonly places: readonly number[];
}

/** No list takes more than k items of one combination of genres, and of those the best: the others can go. */
function bestOfEachMask(masks: Int32Array, k: number): number[] {
  const taken = new Map<number, number>();
  const kept: number[] = [];
  masks.forEach((mask, place) => {
    const count = taken.get(mask) ?? 0;
    if (count === k) return;
    taken.set(mask, count + 1);
    kept.push(place);
  });
  return kept;
}

function maskOf(genres: ReadonlySet<number>): number {
  let mask = 0;
  for (const genre of genres) mask |= 1 << genre;
  return mask;
}

/** All sets of `size` of `count` genres. */
function subsetsOfSize(count: number, size: number): number[] {
  const subsets: number[] = [];
  const extend = (mask: number, from: number, left: number) => {
    if (left === 0) subsets.push(mask);
    else
      for (let genre = from; genre + left <= count; genre++) extend(mask | (1 << genre), genre + 1, left - 1);
  };
  extend(0, 0, size);
  return subsets;
}

/** The sum of the k best items within the target set; -Infinity where there are fewer. */
function boundOf(
  target: number,
  scores: Float64Array,
  masks: Int32Array,
  places: readonly number[],
  k: number,
): number {
  let [sum, found] = [0, 0];
  for (const place of places) {
    if ((masks[place] & ~target) !== 0) continue;
    sum += scores[place];
    if (++found === k) return sum;
  }
  return -Infinity;
}

/** The best k items within the target set that together have all its genres. */
function bestCover(
  target: number,
  scores: Float64Array,
  masks: Int32Array,
  places: readonly number[],
  k: number,
): Cover | undefined {
  const bits = Array.from({ length: MOST_GENRES }, (_, genre) => genre).filter(
    (genre) => (target & (1 << genre)) !== 0,
  );
  const width = 1 << bits.length;
  // Chains of choices: node n takes place `placeOf[n]` after the choices of node `before[n]`; node 0 is the empty list.
  const placeOf = [-1];
  const before = [-1];
  const sums = new Float64Array((k + 1) * width).fill(-Infinity);
  const nodes = new Int32Array((k + 1) * width);
  sums[0] = 0;
  for (const place of places) {
    if ((masks[place] & ~target) !== 0) continue;
    let own = 0;
    bits.forEach((genre, bit) => {
      if ((masks[place] & (1 << genre)) !== 0) own |= 1 << bit;
    });
    for (let taken = k - 1; taken >= 0; taken--) {
      for (let covered = 0; covered < width; covered++) {
        const from = taken * width + covered;
        if (sums[from] === -Infinity) continue;
        const to = (taken + 1) * width + (covered | own);
        const sum = sums[from] + scores[place];
        if (sum <= sums[to]) continue;
        sums[to] = sum;
        before.push(nodes[from]);
        nodes[to] = placeOf.push(place) - 1;
      }
    }
  }
  const full = k * width + width - 1;
  if (sums[full] === -Infinity) return undefined;
  const chosen: number[] = [];
  for (let node = nodes[full]; node > 0; node = before[node]) chosen.push(placeOf[node]);
  return { sum: sums[full], places: chosen.reverse() };
}
