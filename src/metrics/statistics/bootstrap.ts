import type { Random } from "../../core/random.js";

export interface BootstrapOptions {
  /** How many resamples; 1,000 in every table. */
  readonly replicates?: number;
  /** Share of resamples within the interval; 0.95. */
  readonly level?: number;
  /**
   * Cluster number (from 0, without gaps) of each case. Whole clusters are drawn: for cases that share a user or a
   * dialogue and so are not independent. Every case is its own cluster where left out.
   */
  readonly clusters?: Int32Array;
}

/** A percentile interval; both ends NaN where the statistic is defined in no resample. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Percentile bootstrap intervals (Efron 1979) for the means of several metrics over the same cases: cases (or clusters)
 * are drawn with replacement, all metrics from the same draw. Cases where a metric is NaN are left out of its mean. A
 * clustered mean is the ratio of sums, so clusters count by their size as they do in the mean itself.
 * @param values - [cases, columns], row-major.
 * @param random - the same generator gives the same intervals; fork it for this use.
 * @returns one interval a column.
 */
export function bootstrapMeans(
  values: Float64Array,
  columns: number,
  random: Random,
  options: BootstrapOptions = {},
): Interval[] {
  const { replicates = 1000, level = 0.95, clusters } = options;
  const units = clusters === undefined ? values.length / columns : countClusters(clusters);
  const sums = new Float64Array(units * columns);
  const counts = new Float64Array(units * columns);
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    const row = Math.floor(i / columns);
    const at = (clusters === undefined ? row : clusters[row]) * columns + (i % columns);
    sums[at] += values[i];
    counts[at]++;
  }
  const draws = new Draws(units, random);
  const means = Array.from({ length: columns }, () => new Float64Array(replicates));
  const sum = new Float64Array(columns);
  const count = new Float64Array(columns);
  for (let b = 0; b < replicates; b++) {
    const weights = draws.next();
    sum.fill(0);
    count.fill(0);
    for (let unit = 0; unit < units; unit++) {
      const weight = weights[unit];
      if (weight === 0) continue;
      const from = unit * columns;
      for (let column = 0; column < columns; column++) {
        sum[column] += weight * sums[from + column];
        count[column] += weight * counts[from + column];
      }
    }
    for (let column = 0; column < columns; column++) means[column][b] = sum[column] / count[column];
  }
  return means.map((sample) => percentileInterval(sample, level));
}

/**
 * The values of any statistic in bootstrap resamples, for what is no mean over cases: AUC, coverage, Gini.
 * @param cases - number of cases.
 * @param statistic - given how often each case was drawn, parallel to the cases; overwritten by the next resample.
 */
export function bootstrapSample(
  cases: number,
  statistic: (weights: Float64Array) => number,
  random: Random,
  { replicates = 1000, clusters }: BootstrapOptions = {},
): Float64Array {
  const draws = new Draws(clusters === undefined ? cases : countClusters(clusters), random);
  const weights = new Float64Array(cases);
  return Float64Array.from({ length: replicates }, () => {
    const drawn = draws.next();
    for (let i = 0; i < cases; i++) weights[i] = drawn[clusters === undefined ? i : clusters[i]];
    return statistic(weights);
  });
}

/** The percentile interval of a {@link bootstrapSample}. Resamples without a value (one class only) are left out. */
export function percentileInterval(sample: Float64Array, level = 0.95): Interval {
  const sorted = sample.filter((value) => !Number.isNaN(value)).sort();
  return { low: quantile(sorted, (1 - level) / 2), high: quantile(sorted, (1 + level) / 2) };
}

/** Linear interpolation between the two nearest order statistics (type 7: the default of R and NumPy). */
export function quantile(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return NaN;
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/** How often each of n units is drawn in n draws with replacement. */
class Draws {
  private readonly counts: Float64Array;

  constructor(
    private readonly units: number,
    private readonly random: Random,
  ) {
    this.counts = new Float64Array(units);
  }

  next(): Float64Array {
    const { counts, random, units } = this;
    counts.fill(0);
    // Scaling 32 random bits is uneven by less than units / 2^32: nothing against the noise of the resample itself.
    for (let i = 0; i < units; i++) counts[Math.floor((random.uint32() / 4294967296) * units)]++;
    return counts;
  }
}

/** How many clusters are numbered: the largest number + 1. */
export function countClusters(clusters: Int32Array): number {
  return clusters.reduce((most, cluster) => Math.max(most, cluster), -1) + 1;
}
