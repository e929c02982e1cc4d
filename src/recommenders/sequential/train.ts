import type { numpy as np } from "@jax-js/jax";
import { Pace } from "../../core/pace.js";
import type { Random } from "../../core/random.js";
import { program } from "../../engine/run/program.js";
import { fit } from "../../engine/train/fit.js";
import { adam } from "../../engine/train/optimizer.js";
import { createTrainer } from "../../engine/train/trainer.js";
import type { ControlledListTraining } from "../../tasks/controlled-list.js";
import { weightsArtifact } from "../weights.js";
import type { RunContext } from "../recommender.js";
import type { Batch } from "./examples.js";
import type { Arrays, Parameters } from "./model.js";
import { listsOfBest, type ScoringFitted, type SequenceQuery } from "./scorer.js";
import { validationNdcg } from "./validation.js";
import type { Vocabulary } from "./vocabulary.js";

/** A model of the next item on some training data. */
export interface NextItemModel {
  readonly vocabulary: Vocabulary;
  /** How many examples an epoch has. */
  readonly examples: number;
  /** Examples of a step. */
  readonly batchSize: number;
  readonly initial: Parameters;
  /** The inputs of a training step. */
  batch(examples: Int32Array, random: Random, epoch: number): Batch;
  loss(parameters: Arrays, batch: Arrays): np.Array;
  /** The inputs of `count` queries or fewer, always of the same shapes for the same count. */
  queries(queries: readonly SequenceQuery[], count: number): Batch;
  /** Scores of the trained items [count, items]. */
  logits(parameters: Arrays, batch: Arrays): np.Array;
  /** The parameters as `logits` takes them to answer: with a row for users without training. */
  forScoring(parameters: Parameters): Parameters;
}

/** What every trained model of this family has for options. */
export interface TrainingOptions {
  readonly learningRate: number;
  readonly epochs: number;
  readonly patience: number;
  readonly weightDecay: number;
}

/** Queries that are scored at once. */
const SCORING_BATCH = 256;

/** Trains a model (the stage `weights`) and makes a recommender of it. */
export async function fitNextItem(
  id: string,
  model: NextItemModel,
  train: ControlledListTraining,
  options: TrainingOptions,
  context: RunContext,
): Promise<ScoringFitted> {
  const { value: weights } = await context.stages.run({
    name: "weights",
    version: 1,
    inputs: { model: id, options, seed: context.seed, data: train.hash },
    format: weightsArtifact(model.initial),
    compute: (workspace) => trainNextItem(id, model, train, options, context, workspace),
  });
  const items = train.items.keys.length;
  return listsOfBest(items, async (queries, signal) => {
    const scorer = scorerOf(model, items);
    try {
      return await scorer.score(weights, queries, signal);
    } finally {
      await scorer.release();
    }
  });
}

/** Adam until the validation NDCG@10 stands still; the best epoch's parameters, or the last without validation windows. */
async function trainNextItem(
  id: string,
  model: NextItemModel,
  train: ControlledListTraining,
  { learningRate, weightDecay, epochs, patience }: TrainingOptions,
  { random, progress, signal }: Pick<RunContext, "random" | "progress" | "signal">,
  checkpoint?: string,
): Promise<Parameters> {
  if (model.examples === 0) return model.initial;
  const trainer = createTrainer({
    name: id,
    parameters: model.initial,
    optimizer: adam({ learningRate, weightDecay }),
    loss: (parameters: Arrays, batch: Arrays) => model.loss(parameters, batch),
  });
  const scorer = scorerOf(model, train.items.keys.length);
  // The signal is left to fit(), which writes a checkpoint before it stops.
  const pace = new Pace(new AbortController().signal);
  try {
    const report = await fit(trainer, {
      label: id,
      epochs,
      examples: model.examples,
      batchSize: model.batchSize,
      random: random.fork("training"),
      progress,
      signal,
      batch: async (examples, own, epoch) => {
        if (pace.due()) await pace.breathe();
        return model.batch(examples, own, epoch);
      },
      validation:
        train.validation.length === 0
          ? undefined
          : {
              patience,
              metric: () =>
                validationNdcg(
                  train,
                  (queries, stop) => scorer.score(trainer.parameters, queries, stop),
                  signal,
                ),
            },
      checkpoint: checkpoint === undefined ? undefined : { folder: checkpoint, spacing: 30 },
    });
    if (report.best !== null) {
      const { epoch, metric } = report.best;
      progress.note(
        `${id}: validation NDCG@10 ${metric.toFixed(4)} at epoch ${epoch} of ${report.epochs.length} ` +
          `(${report.stoppedEarly ? "stopped early" : "all epochs"})`,
      );
    }
    return trainer.parameterRecord();
  } finally {
    await trainer.release();
    await scorer.release();
  }
}

/** Scores of queries under given parameters, batch by batch in one compiled graph. */
function scorerOf(model: NextItemModel, items: number) {
  const forward = program(({ parameters, batch }: { parameters: Arrays; batch: Arrays }) => ({
    logits: model.logits(parameters, batch),
  }));
  const score = async (
    parameters: Parameters,
    queries: readonly SequenceQuery[],
    signal: AbortSignal,
  ): Promise<Float32Array> => {
    const pace = new Pace(signal);
    const full = model.forScoring(parameters);
    const trained = model.vocabulary.items;
    const out = new Float32Array(queries.length * items);
    for (let from = 0; from < queries.length; from += SCORING_BATCH) {
      const block = queries.slice(from, from + SCORING_BATCH);
      const batch = model.queries(block, SCORING_BATCH);
      const { logits } = await forward.run({ parameters: full, batch });
      block.forEach((_, n) => {
        const own = logits.data.subarray(n * trained.length, (n + 1) * trained.length);
        spread(own as Float32Array, trained, out.subarray((from + n) * items, (from + n + 1) * items));
      });
      if (pace.due()) await pace.breathe();
    }
    return out;
  };
  return { score, release: () => forward.release() };
}

/** Items without training get one score below all others: nothing is known of them. */
function spread(logits: Float32Array, trained: Int32Array, row: Float32Array): void {
  let lowest = Infinity;
  for (const value of logits) lowest = Math.min(lowest, value);
  row.fill(lowest - 1);
  for (let n = 0; n < trained.length; n++) row[trained[n]] = logits[n];
}
