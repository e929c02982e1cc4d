/** The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009). */
const FUSION_K = 60;

/**
 * Adds `1 / (60 + rank)` of every item to `sums`, ranks from 1 for the highest score (Cormack, Clarke and Büttcher, SIGIR
 * 2009). Equal scores share the mean of their ranks, so that a member that can't tell items apart does not order them.
 * @param scores - one case's scores of all items, finite.
 */
export function addReciprocalRanks(sums: Float64Array, scores: Float32Array): void {
  const sorted = scores.slice().sort();
  const n = sorted.length;
  scores.forEach((score, item) => {
    const below = lowerBound(sorted, score);
    const end = upperBound(sorted, score, below);
    // Ranks from n - end + 1 to n - below.
    sums[item] += 1 / (FUSION_K + n - (below + end - 1) / 2);
  });
}

/** The reciprocal ranks of a list: `1 / (60 + place)`, 0 for what it does not name; entries below 0 hold their place. */
export function addListRanks(sums: Float64Array | Float32Array, list: Int32Array): void {
  list.forEach((item, place) => {
    if (item >= 0 && list.indexOf(item) === place) sums[item] += 1 / (FUSION_K + place + 1);
  });
}

/** Adds `weight` times the scores brought to mean 0 and standard deviation 1; equal scores add nothing. */
export function addStandardised(sums: Float64Array, scores: Float32Array, weight: number): void {
  let mean = 0;
  for (const score of scores) mean += score / scores.length;
  let variance = 0;
  for (const score of scores) variance += (score - mean) ** 2 / scores.length;
  if (variance === 0) return;
  const scale = weight / Math.sqrt(variance);
  scores.forEach((score, item) => (sums[item] += scale * (score - mean)));
}

/**
 * The weights to choose from: all with sum 1 in steps of a tenth for two members, of a fifth for three; equal ones first,
 * then as near to equal as can be, so that of equally good ones the most even is taken.
 */
export function weightings(members: number): number[][] {
  const steps = members === 2 ? 10 : 5;
  const grid = (left: number, places: number): number[][] =>
    places === 1
      ? [[left]]
      : Array.from({ length: left + 1 }, (_, first) => first).flatMap((first) =>
          grid(left - first, places - 1).map((rest) => [first, ...rest]),
        );
  const equal = Array.from({ length: members }, () => steps / members);
  const unevenness = (weights: readonly number[]) =>
    weights.reduce((sum, weight) => sum + (weight - steps / members) ** 2, 0);
  const others = grid(steps, members).filter((weights) => unevenness(weights) > 1e-9);
  others.sort((a, b) => unevenness(a) - unevenness(b));
  return [equal, ...others].map((weights) => weights.map((weight) => weight / steps));
}

/** The first place whose value is at least `value`. */
function lowerBound(sorted: Float32Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first place from `from` on whose value is above `value`. */
function upperBound(sorted: Float32Array, value: number, from: number): number {
  let [low, high] = [from, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
