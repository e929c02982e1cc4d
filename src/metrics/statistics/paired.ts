import type { Random } from "../../core/random.js";
import { DataError } from "../../core/errors.js";
import { bootstrapSample, countClusters, percentileInterval, type Interval } from "./bootstrap.js";
import { clusterMeans, describe } from "./describe.js";

/** The smallest p that the libraries' "1 - P" can tell from 0. */
const SMALLEST_P = 2 ** -53;

/**
 * Two-sided p of the paired t test on differences; 1 where all are zero. NaN for fewer than two.
 */
export async function pairedTTest(differences: Float64Array): Promise<number> {
  const { mean, sd } = describe(differences);
  if (sd === null) return NaN;
  if (sd === 0) return mean === 0 ? 1 : SMALLEST_P;
  const { default: ttest } = await import("@stdlib/stats-ttest");
  return Math.max(SMALLEST_P, ttest(differences).pValue);
}

/**
 * Two-sided p of Wilcoxon's signed-rank test on differences. Zero differences are dropped; with zeros, ties or more than
 * 50 differences by the normal approximation with continuity correction, else exact. 1 where all are zero, NaN for
 * fewer than two.
 */
export async function wilcoxonTest(differences: Float64Array): Promise<number> {
  if (differences.length < 2) return NaN;
  if (differences.every((difference) => difference === 0)) return 1;
  const { default: wilcoxon } = await import("@stdlib/stats-wilcoxon");
  return Math.min(1, Math.max(SMALLEST_P, wilcoxon(differences).pValue));
}

/**
 * Two-sided p of a bootstrap of the mean difference: twice the smaller share of resampled means on one side of zero,
 * with one added above and below the line (Davison and Hinkley 1997, chapter 4), so never 0.
 */
export function bootstrapP(sample: Float64Array): number {
  let atMost = 0;
  let atLeast = 0;
  for (const value of sample) {
    if (value <= 0) atMost++;
    if (value >= 0) atLeast++;
  }
  return Math.min(1, (2 * (Math.min(atMost, atLeast) + 1)) / (sample.length + 1));
}

/** How two recommenders compare on the same cases. */
export interface PairedComparison {
  /** Pairs, after seeds were averaged within cases and cases within clusters; pairs with a NaN are left out. */
  readonly n: number;
  /** Mean of ours - theirs, over pairs. */
  readonly difference: number;
  /** `difference` with its sign turned where lower is better: above 0, ours is better. */
  readonly advantage: number;
  /** Bootstrap interval of `difference`. */
  readonly interval: Interval;
  /** Cohen's d of paired differences (mean / sd) in the direction of `advantage`; null where sd is 0 or unknown. */
  readonly effectSize: number | null;
  /** Standard error of `difference`; null for fewer than two pairs. */
  readonly standardError: number | null;
  /** Two-sided p of each test. */
  readonly p: { readonly t: number; readonly wilcoxon: number; readonly bootstrap: number };
}

/**
 * Compares two recommenders' values case by case.
 * @param ours - one value a case (seeds already averaged: `averageSeeds`).
 * @param theirs - parallel.
 * @param options.clusters - cluster numbers from 0; a cluster's cases are averaged to one pair.
 * @throws DataError LENGTH_MISMATCH.
 */
export async function comparePaired(
  ours: ArrayLike<number>,
  theirs: ArrayLike<number>,
  options: {
    readonly better: "higher" | "lower";
    readonly random: Random;
    readonly clusters?: Int32Array;
    readonly replicates?: number;
  },
): Promise<PairedComparison> {
  if (ours.length !== theirs.length) {
    throw new DataError("LENGTH_MISMATCH", `${ours.length} cases can not be paired with ${theirs.length}`);
  }
  const perCase = Float64Array.from(ours, (value, i) => value - theirs[i]);
  const { clusters } = options;
  const perPair = clusters === undefined ? perCase : clusterMeans(perCase, clusters, countClusters(clusters));
  const differences = perPair.filter((difference) => !Number.isNaN(difference));
  const { n, mean, sd } = describe(differences);
  const sample = bootstrapSample(n, (weights) => weightedMean(differences, weights), options.random, {
    replicates: options.replicates,
  });
  const sign = options.better === "higher" ? 1 : -1;
  return {
    n,
    difference: mean,
    advantage: sign * mean,
    interval: percentileInterval(sample),
    standardError: sd === null ? null : sd / Math.sqrt(n),
    effectSize: sd === null || sd === 0 ? null : (sign * mean) / sd,
    p: {
      t: await pairedTTest(differences),
      wilcoxon: await wilcoxonTest(differences),
      bootstrap: n === 0 ? NaN : bootstrapP(sample),
    },
  };
}

function weightedMean(values: Float64Array, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += weights[i] * values[i];
  return sum / values.length;
}
