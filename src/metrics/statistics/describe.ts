import { DataError } from "../../core/errors.js";

/** Mean and spread of a few numbers, such as one metric over seeds. */
export interface Description {
  readonly n: number;
  /** NaN for no number. */
  readonly mean: number;
  /** Standard deviation with n - 1 below the line; null for fewer than two numbers. */
  readonly sd: number | null;
}

export function describe(values: ArrayLike<number>): Description {
  const n = values.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i] / n;
  if (n === 0) return { n, mean: NaN, sd: null };
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i] - mean) ** 2;
  return { n, mean, sd: n < 2 ? null : Math.sqrt(squares / (n - 1)) };
}

/**
 * One value a case from several seeds: their mean within the case. To be done before cases are compared or resampled:
 * taking every seed's value as a case of its own would count the same user several times (pseudo-replication). A case
 * that has no value (NaN) in some seeds gets the mean of the others; NaN where it has none at all.
 * @param seeds - one array a seed, parallel.
 * @throws DataError LENGTH_MISMATCH.
 */
export function averageSeeds(seeds: readonly ArrayLike<number>[]): Float64Array {
  const cases = seeds.length === 0 ? 0 : seeds[0].length;
  if (seeds.some((values) => values.length !== cases)) {
    const lengths = seeds.map((values) => values.length).join(", ");
    throw new DataError("LENGTH_MISMATCH", `the seeds' results have ${lengths} cases`);
  }
  return Float64Array.from({ length: cases }, (_, i) => {
    let sum = 0;
    let count = 0;
    for (const values of seeds) {
      if (Number.isNaN(values[i])) continue;
      sum += values[i];
      count++;
    }
    return count === 0 ? NaN : sum / count;
  });
}

/** Numbers clusters (users, dialogues) 0, 1, 2, ... in the order of their first case. */
export function numberClusters(clusterOf: ArrayLike<number | string>): { of: Int32Array; count: number } {
  const numbers = new Map<number | string, number>();
  const of = Int32Array.from(clusterOf as ArrayLike<never>, (cluster) => {
    const known = numbers.get(cluster);
    if (known !== undefined) return known;
    numbers.set(cluster, numbers.size);
    return numbers.size - 1;
  });
  return { of, count: numbers.size };
}

/** The mean of each cluster's values (NaN left out; NaN where a cluster has none), by cluster number. */
export function clusterMeans(values: ArrayLike<number>, of: Int32Array, count: number): Float64Array {
  const sums = new Float64Array(count);
  const counts = new Float64Array(count);
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    sums[of[i]] += values[i];
    counts[of[i]]++;
  }
  return sums.map((sum, cluster) => sum / counts[cluster]);
}
