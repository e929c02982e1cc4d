import { entropyBits } from "./diversity.js";

/** Top lists of many cases: [cases, width] row-major, entries below 0 where a list is shorter. */
export interface ListTable {
  readonly items: Int32Array;
  readonly width: number;
}

/**
 * How often each catalogue item is listed within the first k places.
 * @param weights - how often each case counts (bootstrap); 1 where left out.
 */
export function exposureCounts(
  lists: ListTable,
  k: number,
  itemCount: number,
  weights?: ArrayLike<number>,
): Float64Array {
  const counts = new Float64Array(itemCount);
  const cases = lists.items.length / lists.width;
  const places = Math.min(k, lists.width);
  for (let row = 0; row < cases; row++) {
    const weight = weights === undefined ? 1 : weights[row];
    for (let place = 0; place < places; place++) {
      const item = lists.items[row * lists.width + place];
      if (item >= 0) counts[item] += weight;
    }
  }
  return counts;
}

/** How the catalogue shares in the lists of all cases together. */
export interface Exposure {
  /** Items listed at least once / items in the catalogue. */
  readonly coverage: number;
  /**
   * Gini index of the counts over the whole catalogue, never listed items included: with counts ascending x_1..x_n,
   * sum of (2i - n - 1) x_i / (n sum of x). 0 where all items are listed equally often, 1 - 1/n where one item takes all.
   * NaN where nothing is listed.
   */
  readonly gini: number;
  /** Entropy in bits of the items' shares of all places: log2(n) where even, 0 where one item takes all. */
  readonly entropy: number;
}

/**
 * @param counts - of {@link exposureCounts}.
 * @param catalogue - the items that could have been listed; all where left out. State it: Gini and coverage depend on it.
 */
export function exposure(counts: Float64Array, catalogue?: Int32Array): Exposure {
  const sorted = (
    catalogue === undefined ? counts.slice() : Float64Array.from(catalogue, (item) => counts[item])
  ).sort();
  const n = sorted.length;
  let listed = 0;
  let total = 0;
  let ranked = 0;
  sorted.forEach((count, i) => {
    if (count > 0) listed++;
    total += count;
    ranked += (2 * (i + 1) - n - 1) * count;
  });
  return {
    coverage: n === 0 ? NaN : listed / n,
    gini: total === 0 ? NaN : ranked / (n * total),
    entropy: entropyBits(sorted),
  };
}
