import type { FinishedRun } from "../run.js";

/** One measurement as github-action-benchmark reads it. */
export interface BenchmarkEntry {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly range?: string;
  readonly extra?: string;
}

/**
 * What was measured, for github-action-benchmark's tools `customBiggerIsBetter` and `customSmallerIsBetter`: a file of that
 * action has one direction. Metrics without a direction are in neither; seconds are in the second.
 */
export function benchmarkEntries(runs: readonly FinishedRun[]): {
  readonly bigger: readonly BenchmarkEntry[];
  readonly smaller: readonly BenchmarkEntry[];
} {
  const bigger: BenchmarkEntry[] = [];
  const smaller: BenchmarkEntry[] = [];
  for (const { scoreboard, cost } of runs) {
    for (const { recommender, metrics } of scoreboard.rows) {
      const place = `${scoreboard.task}/${scoreboard.dataset}/${recommender}`;
      for (const { name, better } of scoreboard.columns) {
        if (better === null || !Object.hasOwn(metrics, name)) continue;
        const { mean, ci95, n } = metrics[name];
        if (!Number.isFinite(mean)) continue;
        const range = ci95 === null ? {} : { range: `± ${((ci95[1] - ci95[0]) / 2).toPrecision(3)}` };
        const entry = {
          name: `${place}: ${name}`,
          unit: "score",
          value: mean,
          ...range,
          extra: `${n} cases`,
        };
        (better === "higher" ? bigger : smaller).push(entry);
      }
      if (!Object.hasOwn(cost, recommender)) continue;
      const { fitSeconds, answerSeconds } = cost[recommender];
      smaller.push({ name: `${place}: seconds`, unit: "s", value: fitSeconds + answerSeconds });
    }
  }
  return { bigger, smaller };
}
