import { Random } from "../core/random.js";
import { meanOverCases } from "../metrics/aggregate.js";
import { bootstrapMeans } from "../metrics/statistics/bootstrap.js";
import { averageSeeds, describe } from "../metrics/statistics/describe.js";
import type { Evaluation } from "../tasks/evaluation.js";
import type { Figures } from "../recommenders/recommender.js";
import type { PreparedTask, TaskId } from "../tasks/task.js";
import type { MetricValue } from "./scoreboard.js";

/** One recommender's evaluation under one seed, with the metrics that are no mean over cases. */
export interface SeedResult {
  readonly evaluation: Evaluation;
  readonly pooled: Readonly<Record<string, number>>;
  /** What was found out beside the task's own metrics. */
  readonly figures?: Figures;
}

/**
 * The cells of one recommender's row. Seeds are averaged within a case before the interval is taken: cases are the
 * sample, and seeds of one case are no independent observations of it.
 * @param task - says which cases belong together, and how sure its pooled metrics are.
 */
export function aggregateSeeds(
  results: readonly SeedResult[],
  task: Pick<PreparedTask<TaskId>, "clusters" | "pooledDetails"> = {},
): Record<string, MetricValue> {
  const { cases, values } = results[0].evaluation;
  // A metric that applies to no case (a setting without users) has no cell.
  const names = Object.keys(values).filter((name) => !values[name].every(Number.isNaN));
  const table = new Float64Array(cases.length * names.length);
  names.forEach((name, column) => {
    const averaged = averageSeeds(results.map(({ evaluation }) => evaluation.values[name]));
    averaged.forEach((value, row) => (table[row * names.length + column] = value));
  });
  const intervals = bootstrapMeans(table, names.length, Random.fromSeed("bootstrap"), {
    clusters: task.clusters,
  });

  const metrics: Record<string, MetricValue> = {};
  names.forEach((name, column) => {
    const perSeed = results.map(({ evaluation }) => meanOverCases(evaluation.values[name]));
    const { mean, sd } = describe(perSeed.map((seed) => seed.mean));
    const { low, high } = intervals[column];
    metrics[name] = { mean, sd, ci95: [low, high], n: perSeed[0].n };
  });
  const details = task.pooledDetails?.(results.map(({ evaluation }) => evaluation)) ?? {};
  for (const name of Object.keys(results[0].pooled)) {
    const { ci95, n } = Object.hasOwn(details, name) ? details[name] : { ci95: null, n: cases.length };
    const { mean, sd } = describe(results.map(({ pooled }) => pooled[name]));
    if (!Number.isNaN(mean)) metrics[name] = { mean, sd, ci95, n };
  }
  return { ...metrics, ...aggregateFigures(results, cases.length) };
}

/**
 * Means over the seeds that have a figure (where no text cites an item, none can be taken away), n by the seed that has the fewest cases for
 * it.
 */
function aggregateFigures(results: readonly SeedResult[], all: number): Record<string, MetricValue> {
  const metrics: Record<string, MetricValue> = {};
  for (const name of new Set(results.flatMap(({ figures = {} }) => Object.keys(figures)))) {
    const found = results.flatMap(({ figures = {} }) => {
      if (!Object.hasOwn(figures, name)) return [];
      const figure = figures[name];
      return typeof figure === "number" ? { value: figure, n: all } : figure;
    });
    const { mean, sd } = describe(found.map(({ value }) => value));
    const n = Math.min(...found.map((one) => one.n));
    if (!Number.isNaN(mean)) metrics[name] = { mean, sd, ci95: null, n };
  }
  return metrics;
}
