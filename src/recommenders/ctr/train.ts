import { numpy as np } from "@jax-js/jax";
import { DataError } from "../../core/errors.js";
import { bceWithLogits } from "../../engine/nn/losses.js";
import { sigmoid } from "../../engine/nn/activations.js";
import { program } from "../../engine/run/program.js";
import { float32 } from "../../engine/run/tensor.js";
import { fit } from "../../engine/train/fit.js";
import { adam } from "../../engine/train/optimizer.js";
import { createTrainer } from "../../engine/train/trainer.js";
import { auc } from "../../metrics/ctr/auc.js";
import type { CtrCase, CtrRows, CtrTraining } from "../../tasks/ctr.js";
import type { Fitted, RunContext } from "../recommender.js";
import { type Batch, dropoutMasks, type Pair, pairBatch } from "./batches.js";
import { type Fields, fieldsOf } from "./fields.js";
import type { Arrays, CtrModel, Parameters } from "./model.js";
import { halfSquares, initialParameters, logits, shapeOf } from "./network.js";
import type { TrainingOptions } from "./options.js";
import { weightsArtifact } from "./weights.js";

/** Pairs that are predicted at once. */
const PREDICTION_BATCH = 4096;

/**
 * Trains a click-through model with Adam on mean binary cross-entropy, stopping early on the validation AUC, and answers with
 * it. The stage `weights` holds the trained parameters.
 */
export async function fitCtr<O extends TrainingOptions>(
  id: string,
  model: CtrModel<O>,
  train: CtrTraining,
  options: O,
  context: RunContext,
): Promise<Fitted<"ctr">> {
  const fields = fieldsOf(train);
  const initial = initialParameters(
    model,
    fields,
    options.embedding ?? 1,
    options,
    context.random.fork("init"),
  );
  const { value: weights } = await context.stages.run({
    name: "weights",
    version: 1,
    inputs: { model: id, options, seed: context.seed, data: train.hash },
    format: weightsArtifact(initial),
    compute: (workspace) => trainCtr(id, model, train, fields, initial, options, context, workspace),
  });
  const historyLength = model.uses.history ? Math.max(1, train.historyLength) : 0;
  return {
    async answer(cases: readonly CtrCase[]) {
      const predictor = predictorOf(model, fields, options, historyLength);
      const pairs = cases.map(({ user, item, liked, disliked }) => ({
        user,
        item,
        history: { liked, disliked },
      }));
      const answers = await predictor.predict(weights, pairs);
      await predictor.release();
      return answers;
    },
  };
}

/**
 * Training proper: the parameters of the epoch with the best validation AUC, or of the last one without validation pairs.
 * @param checkpoint - a folder for checkpoints: a run that was killed is gone on with from there.
 */
export async function trainCtr<O extends TrainingOptions>(
  id: string,
  model: CtrModel<O>,
  train: CtrTraining,
  fields: Fields,
  initial: Parameters,
  options: O,
  { random, progress, signal }: Pick<RunContext, "random" | "progress" | "signal">,
  checkpoint?: string,
): Promise<Parameters> {
  const { rows, validation } = train;
  const historyLength = model.uses.history ? Math.max(1, train.historyLength) : 0;
  const trainer = createTrainer({
    name: id,
    parameters: initial,
    optimizer: adam({ learningRate: options.learningRate }),
    loss: (parameters: Arrays, batch: Arrays) => {
      const loss = bceWithLogits(logits(model, parameters, batch, options), batch.label, batch.weight);
      return options.l2 === 0 ? loss : np.add(loss, np.multiply(halfSquares(parameters), options.l2));
    },
  });
  const widths = model.dropouts(shapeOf(fields, options.embedding ?? 1), options);
  const size = Math.min(options.batchSize, rows.users.length);
  const predictor = predictorOf(model, fields, options, historyLength);
  const judged = pairsOf(train, validation, validation.users.keys(), historyLength > 0);
  try {
    await fit(trainer, {
      label: id,
      epochs: options.epochs,
      examples: rows.users.length,
      batchSize: options.batchSize,
      random: random.fork("training"),
      progress,
      signal,
      batch: (examples, own) => ({
        ...pairBatch(fields, pairsOf(train, rows, examples, historyLength > 0), size, historyLength),
        ...labelled(rows, examples, size),
        ...dropoutMasks(widths, size, options.dropout ?? 0, own),
      }),
      validation: hasBothClasses(validation)
        ? {
            patience: options.patience,
            metric: async () => auc(validation.labels, await predictor.predict(trainer.parameters, judged)),
          }
        : undefined,
      checkpoint: checkpoint === undefined ? undefined : { folder: checkpoint, spacing: 30 },
    });
    return trainer.parameterRecord();
  } finally {
    await trainer.release();
    await predictor.release();
  }
}

/** @throws DataError ONE_CLASS where there are validation pairs, but of one class only: nothing to stop by. */
function hasBothClasses({ labels }: CtrRows): boolean {
  if (labels.length === 0) return false;
  if (labels.some((label) => label !== labels[0])) return true;
  throw new DataError("ONE_CLASS", `the ${labels.length} validation pairs are all of one class`, {
    hint: "Take more pairs for validation, or none: --set split.validation=0.",
  });
}

function pairsOf(
  train: CtrTraining,
  rows: CtrRows,
  positions: Iterable<number>,
  withHistory: boolean,
): Pair[] {
  return Array.from(positions, (n) => {
    const [user, item] = [rows.users[n], rows.items[n]];
    return withHistory ? { user, item, history: train.historyBefore(user, rows.times[n]) } : { user, item };
  });
}

/** Labels and weights; places beyond the examples weigh nothing, so that a short last batch needs no graph of its own. */
function labelled(rows: CtrRows, examples: Int32Array, size: number): Batch {
  const label = new Float32Array(size);
  const weight = new Float32Array(size);
  examples.forEach((example, n) => {
    label[n] = rows.labels[example];
    weight[n] = 1;
  });
  return { label: float32(label), weight: float32(weight) };
}

/** Probabilities of pairs under given parameters, batch by batch in one compiled graph. */
export function predictorOf<O>(model: CtrModel<O>, fields: Fields, options: O, historyLength: number) {
  const forward = program(({ parameters, batch }: { parameters: Arrays; batch: Arrays }) => ({
    probability: sigmoid(logits(model, parameters, batch, options)),
  }));
  return {
    async predict(parameters: Parameters, pairs: readonly Pair[]): Promise<Float32Array> {
      const out = new Float32Array(pairs.length);
      for (let from = 0; from < pairs.length; from += PREDICTION_BATCH) {
        const block = pairs.slice(from, from + PREDICTION_BATCH);
        const batch = pairBatch(fields, block, PREDICTION_BATCH, historyLength);
        const { probability } = await forward.run({
          parameters: parameters,
          batch,
        });
        out.set(probability.data.subarray(0, block.length), from);
      }
      return out;
    },
    release: () => forward.release(),
  };
}
