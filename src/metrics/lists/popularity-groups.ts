/**
 * The groups of items by popularity, from the least popular: `cold` for items that were never recommended in training, then tenths of
 * the training recommendations.
 */
export const POPULARITY_GROUPS: readonly string[] = [
  "cold",
  ...Array.from({ length: 10 }, (_, n) => `decile-${n + 1}`),
];

/**
 * Divides items so that each decile holds about a tenth of all training recommendations: these are ordered by how often their item was
 * recommended, and an item belongs to the tenth that the middle of all recommendations of equally popular items lies in. Items of
 * equal counts are therefore never parted, and a decile may be empty where many are equal; an item that has more than a tenth of all
 * recommendations leaves others empty.
 * @param counts - whole numbers: training recommendations by item.
 * @returns a position in {@link POPULARITY_GROUPS} for each item.
 */
export function popularityGroups(counts: ArrayLike<number>): Uint8Array {
  const itemsOf = new Map<number, number>();
  let total = 0;
  for (let item = 0; item < counts.length; item++) {
    itemsOf.set(counts[item], (itemsOf.get(counts[item]) ?? 0) + 1);
    total += counts[item];
  }
  const groupOf = new Map<number, number>();
  let below = 0;
  for (const count of [...itemsOf.keys()].sort((a, b) => a - b)) {
    const upTo = below + count * itemsOf.get(count)!;
    // Ten times the middle of [below, upTo], in whole numbers but for the division.
    groupOf.set(count, count === 0 ? 0 : 1 + Math.floor((5 * (below + upTo)) / total));
    below = upTo;
  }
  return Uint8Array.from({ length: counts.length }, (_, item) => groupOf.get(counts[item])!);
}

/**
 * How what is counted by item is shared out among the groups that have items.
 * @param items - the items that can be counted; others are left out.
 * @returns by name of the group; empty where nothing is counted.
 */
export function groupShares(
  counts: ArrayLike<number>,
  items: Int32Array,
  groups: Uint8Array,
): Record<string, number> {
  const sums = new Map<number, number>();
  let total = 0;
  for (const item of items) {
    sums.set(groups[item], (sums.get(groups[item]) ?? 0) + counts[item]);
    total += counts[item];
  }
  if (total === 0) return {};
  return Object.fromEntries(
    [...sums].sort(([a], [b]) => a - b).map(([group, sum]) => [POPULARITY_GROUPS[group], sum / total]),
  );
}
