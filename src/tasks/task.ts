import type { Progress } from "../core/progress.js";
import type { ColdStartCase, ColdStartTraining, ScoreBlock } from "./cold-start.js";
import type { Evaluation } from "./evaluation.js";

/** What each task hands to a recommender and wants back. Later tasks add their entry here. */
export interface TaskTypes {
  "cold-start": { training: ColdStartTraining; case: ColdStartCase; answers: ScoreBlock };
}

export type TaskId = keyof TaskTypes;
export type TrainingData<T extends TaskId> = TaskTypes[T]["training"];
export type Case<T extends TaskId> = TaskTypes[T]["case"];
export type Answers<T extends TaskId> = TaskTypes[T]["answers"];

/** A task laid out on one data set and split: the question is fixed, and every recommender gets the same one. */
export interface PreparedTask<T extends TaskId> {
  readonly training: TrainingData<T>;
  /** Columns of the short table and of charts; every other metric of an evaluation goes to the full table. */
  readonly mainMetrics: readonly string[];
  /** Sentences that stand under the table: what was ranked for whom. */
  readonly notes: readonly string[];
  /** Asks for the answers to all cases, block by block, and measures them. */
  evaluate(
    answer: (cases: readonly Case<T>[]) => Promise<Answers<T>>,
    context: EvaluationContext,
  ): Promise<Evaluation>;
  /** The metrics that are no mean over cases (coverage, Gini), by name. */
  pooled(evaluation: Evaluation): Record<string, number>;
}

export interface EvaluationContext {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** The recommender's name, for progress lines and errors. */
  readonly label: string;
}
