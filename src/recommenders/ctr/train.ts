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
import type { Vectors } from "../../llm/language-model.js";
import type { CtrCase, CtrRows, CtrTraining } from "../../tasks/ctr.js";
import type { RunContext } from "../recommender.js";
import { type Batch, dropoutMasks, type Pair, pairBatch } from "./batches.js";
import { type Fields, fieldsOf } from "./fields.js";
import type { Arrays, CtrModel, Parameters } from "./model.js";
import { halfSquares, initialParameters, logits, shapeOf } from "./network.js";
import type { TrainingOptions } from "./options.js";
import { weightsArtifact } from "../weights.js";

/** Pairs that are predicted at once. */
const PREDICTION_BATCH = 4096;

/** Vectors of texts about pairs: of training and validation pairs in the order of their rows. */
export interface CtrTexts {
  readonly rows: Vectors;
  readonly validation: Vectors;
  /** Hash of whatever the vectors depend on. */
  readonly hash: string;
}

/** A trained click-through network. */
export interface CtrNetwork {
  /** The second are the cases' vectors, one each, where it was trained with texts. */
  readonly predict: (cases: readonly Omit<CtrCase, "time">[], texts?: Vectors) => Promise<Float32Array>;
}

/**
 * Trains a click-through model with Adam on mean binary cross-entropy, stopping early on the validation AUC. The stage `weights`
 * holds the trained parameters.
 */
export async function fitNetwork<O extends TrainingOptions>(
  id: string,
  model: CtrModel<O>,
  train: CtrTraining,
  options: O,
  context: RunContext,
  texts?: CtrTexts,
): Promise<CtrNetwork> {
  const fields = fieldsOf(train);
  const initial = initialParameters(
    model,
    fields,
    options.embedding ?? 1,
    options,
    context.random.fork("init"),
    texts?.rows.width,
  );
  const { value: weights } = await context.stages.run({
    name: "weights",
    version: 1,
    inputs: {
      ...{ model: id, options, seed: context.seed, random: context.random.state() },
      ...{ data: train.hash, texts: texts?.hash },
    },
    // Rows of `table` are those of the fields user, item and attributes, one after the other, the first of each being "unknown".
    format: weightsArtifact(initial),
    compute: (workspace) =>
      trainCtr(id, model, train, fields, initial, options, context, { texts, checkpoint: workspace }),
  });
  const historyLength = model.uses.history ? Math.max(1, train.historyLength) : 0;
  return {
    predict: async (cases, vectors) => {
      const predictor = predictorOf(model, fields, options, historyLength);
      const pairs = cases.map(({ user, item, place, liked, disliked }, n) => ({
        user,
        item,
        place,
        history: { liked, disliked },
        text: vectorOf(vectors, n),
      }));
      const answers = await predictor.predict(weights, pairs);
      await predictor.release();
      return answers;
    },
  };
}

function vectorOf(vectors: Vectors | undefined, row: number): Float32Array | undefined {
  return vectors?.data.subarray(row * vectors.width, (row + 1) * vectors.width);
}

export interface TrainingExtras {
  /** Text features beside the fields. */
  readonly texts?: CtrTexts;
  /** A folder for checkpoints: a run that was killed is gone on with from there. */
  readonly checkpoint?: string;
}

/** Training proper: the parameters of the epoch with the best validation AUC, or of the last one without validation pairs. */
export async function trainCtr<O extends TrainingOptions>(
  id: string,
  model: CtrModel<O>,
  train: CtrTraining,
  fields: Fields,
  initial: Parameters,
  options: O,
  { random, progress, signal }: Pick<RunContext, "random" | "progress" | "signal">,
  { texts, checkpoint }: TrainingExtras = {},
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
  const widths = model.dropouts(shapeOf(fields, options.embedding ?? 1, texts?.rows.width), options);
  const size = Math.min(options.batchSize, rows.users.length);
  const predictor = predictorOf(model, fields, options, historyLength);
  const judged = pairsOf(train, validation, validation.users.keys(), historyLength > 0, texts?.validation);
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
        ...pairBatch(
          fields,
          pairsOf(train, rows, examples, historyLength > 0, texts?.rows),
          size,
          historyLength,
        ),
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
  texts?: Vectors,
): Pair[] {
  return Array.from(positions, (n) => {
    const [user, item, place] = [rows.users[n], rows.items[n], rows.places?.[n]];
    const text = vectorOf(texts, n);
    if (!withHistory) return { user, item, place, text };
    return { user, item, place, text, history: train.historyBefore(user, rows.times[n]) };
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
      const size = Math.min(PREDICTION_BATCH, 32 * Math.ceil(pairs.length / 32));
      for (let from = 0; from < pairs.length; from += size) {
        const block = pairs.slice(from, from + size);
        const batch = pairBatch(fields, block, size, historyLength);
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
