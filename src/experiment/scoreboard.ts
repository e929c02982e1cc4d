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
  /** Sentences that stand under every table of this result. */
  readonly notes: readonly string[];
}

/** Cost by recommender id, the mean over its seeds; kept apart from the scoreboard because it holds seconds. */
export type CostSheet = Readonly<Record<string, Cost>>;
