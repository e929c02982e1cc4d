import { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import { crossEntropy } from "../../engine/nn/losses.js";
import { float32 } from "../../engine/run/tensor.js";
import type { ControlledListTraining } from "../../tasks/controlled-list.js";
import { type Batch, dropoutMask, historyBatch, NextItems, targetBatch } from "./examples.js";
import type { Arrays, Parameters, SequenceInput, SequenceModel, SequenceShape } from "./model.js";
import type { NextItemModel } from "./train.js";
import { type Vocabulary, vocabularyOf, withAverage } from "./vocabulary.js";

/** What a network's options must have. */
export interface NetworkOptions {
  readonly embedding: number;
  readonly dropout: number;
  readonly batchSize: number;
}

/** First values of all of a model's parameters: the tables `items` [items, d], `users` [users, d] where used, and its own. */
export function initialParameters<O>(
  model: SequenceModel<O>,
  { items, userCount }: Pick<Vocabulary, "items" | "userCount">,
  shape: SequenceShape,
  options: O,
  random: Random,
): Parameters {
  const table = (name: string, rows: number) =>
    float32(random.fork(name).normals(rows * shape.width, model.deviation(rows, options)), [
      rows,
      shape.width,
    ]);
  return {
    items: table("items", items.length),
    ...(model.usesUser ? { users: table("users", userCount) } : {}),
    ...model.parameters(shape, options, random.fork("model")),
  };
}

/** Logits of the trained items [B, items] after the histories of a batch. */
export function logits<O>(model: SequenceModel<O>, parameters: Arrays, batch: Arrays, options: O): np.Array {
  const input: SequenceInput = {
    items: np.multiply(np.take(parameters.items, batch.items, 0), np.expandDims(batch.known, -1)),
    known: batch.known,
    last: batch.last,
    user: () => np.take(parameters.users, batch.user, 0),
    dropout: (n, x) => (`dropout${n}` in batch ? np.multiply(x, batch[`dropout${n}`]) : x),
  };
  return np.matmul(model.encode(parameters, input, options), np.transpose(parameters.items));
}

/**
 * A network as a next-item model: cross-entropy of the item that follows each prefix of a sequence, over a softmax of all
 * trained items, as in RecBole. The user's other likes are among the softmax's negatives, as everywhere where it is used.
 */
export function networkModel<O extends NetworkOptions>(
  model: SequenceModel<O>,
  train: ControlledListTraining,
  options: O,
  random: Random,
): NextItemModel {
  const vocabulary = vocabularyOf(train);
  const examples = NextItems.of(train);
  const shape = { length: model.length(options, train.historyLength), width: options.embedding };
  const size = Math.min(options.batchSize, examples.length);
  const masks = Math.round(options.dropout * 256) === 0 ? [] : model.dropouts(shape, options);
  return {
    vocabulary,
    examples: examples.length,
    initial: initialParameters(model, vocabulary, shape, options, random),
    batch(chosen, own): Batch {
      const picked = Array.from(chosen, (n) => examples.at(n, shape.length));
      const targets = picked.map(({ target }) => target);
      const batch = {
        ...historyBatch(vocabulary, picked, size, shape.length, model.padding),
        ...targetBatch(vocabulary, targets, size),
      };
      return Object.assign(
        batch,
        Object.fromEntries(
          masks.map((part, n) => [`dropout${n}`, dropoutMask([size, ...part], options.dropout, own)]),
        ),
      );
    },
    loss: (parameters, batch) =>
      crossEntropy(logits(model, parameters, batch, options), batch.target, batch.weight),
    queries: (queries, count) => historyBatch(vocabulary, queries, count, shape.length, model.padding),
    logits: (parameters, batch) => logits(model, parameters, batch, options),
    forScoring(parameters) {
      if (!model.usesUser) return parameters;
      const { userCount } = vocabulary;
      const users = withAverage(parameters.users.data as Float32Array, userCount, shape.width);
      return { ...parameters, users: float32(users, [userCount + 1, shape.width]) };
    },
  };
}

/** The state at each history's last place [B, d], of states [B, L, d]. */
export function atLast(states: np.Array, last: np.Array): np.Array {
  return np.sum(np.multiply(states, np.expandDims(last, -1)), 1);
}
