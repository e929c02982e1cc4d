import { Random } from "../core/random.js";
import { meanOverCases } from "../metrics/aggregate.js";
import { bootstrapMeans } from "../metrics/statistics/bootstrap.js";
import type { Evaluation } from "../tasks/evaluation.js";
import type { MetricValue } from "./scoreboard.js";

/** One recommender's evaluations, one a seed, with the metrics that are no mean over cases. */
export interface SeedResult {
  readonly evaluation: Evaluation;
  readonly pooled: Readonly<Record<string, number>>;
}

/**
 * The cells of one recommender's row. Seeds are averaged within a case before the interval is taken: cases are the
 * sample, seeds of one case are not independent observations.
 */
export function aggregateSeeds(results: readonly SeedResult[]): Record<string, MetricValue> {
  const first = results[0];
  // A metric that applies to no case (a setting without users) has no cell.
  const caseMetrics = Object.entries(first.evaluation.values)
    .filter(([, values]) => !values.every(Number.isNaN))
    .map(([name]) => name);
  const cases = first.evaluation.cases.length;
  const table = new Float64Array(cases * caseMetrics.length);
  const metrics: Record<string, MetricValue> = {};
  caseMetrics.forEach((name, column) => {
    const perSeed = results.map(({ evaluation }) => meanOverCases(evaluation.values[name]));
    for (let row = 0; row < cases; row++) {
      const sum = results.reduce((total, { evaluation }) => total + evaluation.values[name][row], 0);
      table[row * caseMetrics.length + column] = sum / results.length;
    }
    const means = perSeed.map(({ mean }) => mean);
    metrics[name] = { mean: average(means), sd: spread(means), ci95: null, n: perSeed[0].n };
  });
  const intervals = bootstrapMeans(table, caseMetrics.length, Random.fromSeed("bootstrap"));
  caseMetrics.forEach((name, column) => {
    const { low, high } = intervals[column];
    metrics[name] = { ...metrics[name], ci95: [low, high] };
  });
  for (const name of Object.keys(first.pooled)) {
    const values = results.map(({ pooled }) => pooled[name]);
    metrics[name] = { mean: average(values), sd: spread(values), ci95: null, n: cases };
  }
  return metrics;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation with n - 1; null for one value. */
function spread(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = average(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
