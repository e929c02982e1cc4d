import type { Random } from "../../core/random.js";
import { describe } from "./describe.js";
import { bootstrapSample, countClusters, type Interval, percentileInterval } from "./bootstrap.js";

/** A statistic of all cases together (AUC, coverage) as a function of how often each case counts. */
export type WeightedStatistic = (weights: Float64Array) => number;

/** How two recommenders compare in a statistic that no single case has. */
export interface PooledComparison {
  /** Independent units that were resampled: clusters, or cases where there are none. */
  readonly n: number;
  /** Ours - theirs, each the mean over its seeds, on all cases. */
  readonly difference: number;
  /** `difference` with its sign turned where lower is better: above 0, ours is better. */
  readonly advantage: number;
  /** `difference` plus the 2.5 and 97.5 % points of the resampled differences around their own mean. */
  readonly interval: Interval;
  /** Standard deviation of the resampled differences. */
  readonly standardError: number;
  /** Two-sided. */
  readonly p: number;
}

/**
 * Compares two recommenders by a paired bootstrap: both are measured on the same resampled clusters. The resampled
 * differences are centred on their own mean, because some statistics (coverage, Gini, distances) are biased in a resample,
 * which holds only 63 % of the different cases: p is the share of resamples whose difference lies as far from that mean as
 * the observed one lies from 0, with one added above and below the line (Davison and Hinkley 1997, chapter 4).
 * @param ours - the statistic of each of our seeds.
 * @param theirs - of each of theirs; not necessarily as many.
 * @param options.cases - number of cases.
 * @param options.clusters - cluster number (from 0) of each case; whole clusters are drawn.
 */
export function comparePooled(
  ours: readonly WeightedStatistic[],
  theirs: readonly WeightedStatistic[],
  options: {
    readonly cases: number;
    readonly better: "higher" | "lower";
    readonly random: Random;
    readonly clusters?: Int32Array;
    readonly replicates?: number;
  },
): PooledComparison {
  const { cases, clusters, random, replicates } = options;
  const difference = (weights: Float64Array) => meanOf(ours, weights) - meanOf(theirs, weights);
  const observed = difference(new Float64Array(cases).fill(1));
  const sample = bootstrapSample(cases, difference, random, { replicates, clusters });
  const usable = sample.filter((value) => !Number.isNaN(value));
  const centre = usable.reduce((sum, value) => sum + value / usable.length, 0);
  const around = usable.map((value) => value - centre);
  const { low, high } = percentileInterval(around);
  const asFar = around.filter((value) => Math.abs(value) >= Math.abs(observed)).length;
  return {
    n: clusters === undefined ? cases : countClusters(clusters),
    difference: observed,
    advantage: options.better === "higher" ? observed : -observed,
    standardError: describe(around).sd ?? NaN,
    interval: { low: observed + low, high: observed + high },
    p: usable.length === 0 || Number.isNaN(observed) ? NaN : (asFar + 1) / (usable.length + 1),
  };
}

function meanOf(seeds: readonly WeightedStatistic[], weights: Float64Array): number {
  return seeds.reduce((sum, statistic) => sum + statistic(weights), 0) / seeds.length;
}
