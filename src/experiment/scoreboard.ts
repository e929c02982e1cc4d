import type { Cost } from "../core/cost.js";
import type { RecommenderKind } from "../recommenders/recommender.js";
import type { TaskId } from "../tasks/task.js";

/** One cell of a table. */
export interface MetricValue {
  /** Mean over seeds of the mean over cases. */
  readonly mean: number;
  /** Standard deviation between seeds (n - 1); null for one seed. */
  readonly sd: number | null;
  /** 95 % bootstrap interval over cases or their clusters; null for pooled metrics that have none. */
  readonly ci95: readonly [number, number] | null;
  /** Cases that the mean is over. */
  readonly n: number;
}

/** One recommender's line. */
export interface ScoreRow {
  readonly recommender: string;
  readonly kind: RecommenderKind;
  /** By metric name, such as `recall@20/cold`. */
  readonly metrics: Readonly<Record<string, MetricValue>>;
}

/** One test of a row against a reference row, in one metric. */
export interface ScoreComparison {
  readonly recommender: string;
  /** The reference row. */
  readonly to: string;
  readonly metric: string;
  /** Independent pairs: users or dialogues where cases share them, else cases. */
  readonly n: number;
  /** The row less the reference, every pair counting once; pooled metrics: on all cases. */
  readonly difference: number;
  readonly ci95: readonly [number, number] | null;
  /** Cohen's d of the paired differences, above 0 where the row is better; null for pooled metrics. */
  readonly effectSize: number | null;
  readonly test: "t" | "wilcoxon" | "bootstrap";
  /** Two-sided; null where a test does not apply. */
  readonly p: {
    readonly t: number | null;
    readonly wilcoxon: number | null;
    readonly bootstrap: number | null;
  };
  /** The chosen test's p after Holm's correction over all comparisons; null where it could not be made. */
  readonly adjusted: number | null;
  /** Which way the difference goes, where `adjusted` is at most `alpha`. */
  readonly verdict: "better" | "worse" | null;
  /** The smallest difference that a single test at `alpha` would find with 80 % power: 2.8 standard errors. */
  readonly detectable: number | null;
}

/** The tests that were declared before the run. */
export interface ScoreComparisons {
  readonly alpha: number;
  readonly results: readonly ScoreComparison[];
}

/** How to show a metric. */
export interface MetricColumn {
  readonly name: string;
  /** The better direction; null where neither is better in itself (popularity bias). */
  readonly better: "higher" | "lower" | null;
  /** Shown in the short terminal table and in charts; the others only in the full table. */
  readonly main: boolean;
}

/** The result of one run of one task, without any clock in it: byte-equal after a resume. */
export interface Scoreboard {
  readonly schemaVersion: 1;
  readonly task: TaskId;
  readonly dataset: string;
  readonly dataHash: string;
  readonly splitHash: string;
  readonly split: string;
  readonly seeds: readonly number[];
  readonly columns: readonly MetricColumn[];
  readonly rows: readonly ScoreRow[];
  /** Left out where nothing was declared. */
  readonly comparisons?: ScoreComparisons;
  /** Sentences that stand under every table of this result. */
  readonly notes: readonly string[];
}

/** Cost by recommender id, the mean over its seeds; kept apart from the scoreboard because it holds seconds. */
export type CostSheet = Readonly<Record<string, Cost>>;
