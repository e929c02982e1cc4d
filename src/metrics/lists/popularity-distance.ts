/**
 * Distances between how often items are recommended and how often they are the right answer (Reindex-Then-Adapt, WSDM
 * 2025, section 1: a language model's popularity is not the platform's).
 * @param recommended - counts by item, such as places in lists.
 * @param wanted - counts by item.
 */
export function popularityDistance(
  recommended: ArrayLike<number>,
  wanted: ArrayLike<number>,
): {
  /** Total variation: half the sum of |p - q|, 0 equal, 1 disjoint. NaN where either side has no count. */
  readonly totalVariation: number;
  /**
   * Kullback-Leibler divergence in nats of what is recommended from what is wanted, sum of q log(q / p), q wanted, p
   * recommended, with {@link PSEUDO_COUNT} added to every recommended count: an item that is never recommended costs much,
   * not infinitely much.
   */
  readonly klDivergence: number;
} {
  const items = recommended.length;
  const totals = [sum(recommended), sum(wanted)];
  if (totals.includes(0)) return { totalVariation: NaN, klDivergence: NaN };
  let difference = 0;
  let divergence = 0;
  for (let item = 0; item < items; item++) {
    const q = wanted[item] / totals[1];
    difference += Math.abs(recommended[item] / totals[0] - q);
    if (q === 0) continue;
    divergence += q * Math.log((q * (totals[0] + PSEUDO_COUNT * items)) / (recommended[item] + PSEUDO_COUNT));
  }
  return { totalVariation: difference / 2, klDivergence: divergence };
}

const PSEUDO_COUNT = 1;

function sum(counts: ArrayLike<number>): number {
  let total = 0;
  for (let item = 0; item < counts.length; item++) total += counts[item];
  return total;
}
