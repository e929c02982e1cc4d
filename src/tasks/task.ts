import { z } from "zod";
import { UsageError } from "../core/errors.js";
import type { Progress } from "../core/progress.js";
import type { ColdStartCase, ColdStartTraining, ScoreBlock, SimulatedPairs } from "./cold-start.js";
import type { ConversationAnswers, ConversationCase, ConversationTraining } from "./conversation.js";
import type { ControlledListAnswers, ControlledListCase, ControlledListTraining } from "./controlled-list.js";
import type { CtrAnswers, CtrCase, CtrTraining } from "./ctr.js";
import type { WeightedStatistic } from "../metrics/statistics/pooled.js";
import type { Evaluation } from "./evaluation.js";

/** What each task hands to a recommender and wants back. Later tasks add their entry here. */
export interface TaskTypes {
  "cold-start": { training: ColdStartTraining; case: ColdStartCase; answers: ScoreBlock };
  ctr: { training: CtrTraining; case: CtrCase; answers: CtrAnswers };
  conversation: { training: ConversationTraining; case: ConversationCase; answers: ConversationAnswers };
  "controlled-list": {
    training: ControlledListTraining;
    case: ControlledListCase;
    answers: ControlledListAnswers;
  };
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
  /**
   * Asks for the answers to all cases, block by block, and measures them.
   * @param explain - the texts that answers go by, asked for right after a block's answers and kept beside them.
   */
  evaluate(
    answer: (cases: readonly Case<T>[]) => Promise<Answers<T>>,
    context: EvaluationContext,
    explain?: (cases: readonly Case<T>[]) => Promise<readonly string[]>,
  ): Promise<Evaluation>;
  /** The metrics that are no mean over cases (coverage, Gini), by name. */
  pooled(evaluation: Evaluation): Record<string, number>;
  /** Intervals and numbers of cases of pooled metrics, from the evaluations of all seeds; without: no interval. */
  pooledDetails?(evaluations: readonly Evaluation[]): Record<string, PooledDetail>;
  /** A pooled metric as a function of how often each case counts, to resample it; undefined where there is none. */
  pooledStatistic?(name: string, evaluation: Evaluation): WeightedStatistic | undefined;
  /** Measures what a recommender made up on the way, by metric name; pooled metrics, too. */
  diagnose?(simulated: readonly SimulatedPairs[]): Record<string, number>;
  /** What is to be said under the table of some rows' figures. */
  remarks?(rows: readonly RowFigures[]): string[];
  /** What a person wants to see of a case, to judge answers to it by eye. */
  describeCase(position: number): CaseDescription;
  /** The targets of a case that `evaluate` asked for, for controls that show what could be reached at best. */
  targets?(one: Case<T>): ArrayLike<number>;
  /** The cases, where recommenders measure something on them themselves. */
  cases?(): readonly Case<T>[];
  /** Cluster number (from 0) of each case, where cases are not independent: intervals then draw whole clusters. */
  readonly clusters?: Int32Array;
}

/** A row's figures by metric name. */
interface RowFigures {
  readonly recommender: string;
  readonly metrics: Readonly<Record<string, { readonly mean: number }>>;
}

/** A case in words. */
export interface CaseDescription {
  /** What is asked and what is known, in order: `history`, `seeker`, `label`. */
  readonly facts: readonly { readonly label: string; readonly text: string }[];
  /** The right items, by setting; under "" for all settings that have no entry. Empty where answers are no items. */
  readonly relevant: Readonly<Record<string, readonly number[]>>;
}

/** How sure a pooled metric is. */
export interface PooledDetail {
  /** 95 % bootstrap interval of the mean over seeds. */
  readonly ci95: readonly [number, number] | null;
  /** Cases that count. */
  readonly n: number;
}

export interface EvaluationContext {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** The recommender's name, for progress lines and errors. */
  readonly label: string;
}

/**
 * Checks the options of a task (the section `task` of a configuration) and fills in the defaults.
 * @throws UsageError BAD_TASK_OPTION.
 */
export function taskOptions<O>(
  task: TaskId,
  schema: z.ZodType<O>,
  given: Readonly<Record<string, unknown>>,
): O {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new UsageError("BAD_TASK_OPTION", `task ${task}: ${z.prettifyError(parsed.error)}`, {
    hint: "Options of the task are set by --set task.NAME=VALUE.",
  });
}
