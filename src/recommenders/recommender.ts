import type { z } from "zod";
import type { CostMeter } from "../core/cost.js";
import type { Progress } from "../core/progress.js";
import type { Random } from "../core/random.js";
import type { StageStore } from "../core/stages.js";
import type { WorldTruth } from "../data/world/truth.js";
import type { LanguageModel } from "../llm/language-model.js";
import type { SimulatedPairs } from "../tasks/cold-start.js";
import type { Answers, Case, TaskId, TrainingData } from "../tasks/task.js";

/** Classic model, method with a language model, or control (random, popularity, oracle). */
export type RecommenderKind = "classic" | "llm" | "control";

/**
 * Anything that answers a task's cases. Methods, baselines and controls are all of this one shape, so that a table is
 * fair by construction.
 */
export interface Recommender<T extends TaskId, O = unknown> {
  /** Name in tables, flags and file names: lower case with hyphens. */
  readonly id: string;
  readonly task: T;
  readonly kind: RecommenderKind;
  /** One sentence for `--help` and docs, with the source: authors, venue, year. */
  readonly summary: string;
  /** Strict schema with a default for every option; unknown options are errors. */
  readonly options: z.ZodType<O>;
  /** True where the seed changes the answers: other recommenders are run once, whatever the seeds. */
  readonly seeded: boolean;
  /** True for oracles: they take part only where the data set's truth is known. */
  readonly needsTruth?: boolean;
  /** The model whose recorded answers it gives: it takes part only where the data hold them. */
  readonly needsRecording?: string;
  /** True for models of item text: they take part only where the data have some. */
  readonly needsText?: boolean;
  /** True for those that a run must name: they are in no group. */
  readonly onRequest?: boolean;
  /**
   * Options, or groups of them (`coldOnly`), that tuning leaves alone: they say what the row is, cost what it is charged for, or change
   * nothing under the others.
   */
  untuned?(options: O): readonly string[];
  /** What a reader of its row must know; stands under the table, once for all rows with the same. */
  readonly note?: string;
  /** Ids of those that it combines: it was asked for by name, and what is given from outside for them holds for it. */
  readonly members?: readonly string[];
  fit(train: TrainingData<T>, options: O, context: RunContext): Promise<Fitted<T>>;
}

export interface Fitted<T extends TaskId> {
  /** Answers any block of cases; called block by block, so that memory stays bounded. */
  answer(cases: readonly Case<T>[], context: RunContext): Promise<Answers<T>>;
  /** Pairs that it made up and learnt from, for the task to judge by a truth that no recommender sees. */
  readonly simulated?: readonly SimulatedPairs[];
  /** The text that it answers each case by, where it has one. */
  explain?(cases: readonly Case<T>[], context: RunContext): Promise<readonly string[]>;
  /** What there is to measure of its answers without their truth, by the name of a pooled metric. */
  figures?(cases: readonly Case<T>[], context: RunContext): Promise<Record<string, number>>;
}

/** What a run lends to a recommender. */
export interface RunContext {
  /** Forked for this recommender and seed. */
  readonly random: Random;
  readonly seed: number;
  readonly stages: StageStore;
  readonly cost: CostMeter;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /**
   * The run's language model (`--llm`), opened at the first call and shared by all: ask for it only where it is needed.
   * Its calls are recorded in the run folder; charge them by passing this context on to them.
   * @throws ProviderError where it can't be had.
   */
  llm(): Promise<LanguageModel>;
  /** The embedded world's truth; undefined for real data and for every recommender that is no control. */
  readonly truth?: WorldTruth;
}

/**
 * Work that is not put down to the recommender, neither seconds nor calls: what it only wants to know of another's work, or what is measured on it.
 * @param work - gets the same run with a meter of its own; stages that it computes keep their true cost for whoever needs them.
 */
export function notCharged<T>(context: RunContext, work: (context: RunContext) => Promise<T>): Promise<T> {
  return context.cost.aside((cost) => work({ ...context, cost, stages: context.stages.charging(cost) }));
}
