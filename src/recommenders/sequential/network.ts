import { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import { crossEntropy } from "../../engine/nn/losses.js";
import { float32 } from "../../engine/run/tensor.js";
import type { ControlledListTraining } from "../../tasks/controlled-list.js";
import { type Batch, dropoutMask, historyBatch, Segments, targetBatch } from "./examples.js";
import type { Arrays, Parameters, SequenceInput, SequenceModel, SequenceShape } from "./model.js";
import type { NextItemModel } from "./train.js";
import { type Vocabulary, vocabularyOf, withAverage } from "./vocabulary.js";

/** What a network's options must have. */
export interface NetworkOptions {
  readonly embedding: number;
  readonly dropout: number;
  readonly batchSize: number;
  readonly targets?: number;
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

/** Logits of the trained items [B Q, items] at the places of a batch. */
export function logits<O>(model: SequenceModel<O>, parameters: Arrays, batch: Arrays, options: O): np.Array {
  const input: SequenceInput = {
    items: np.multiply(np.take(parameters.items, batch.items, 0), np.expandDims(batch.known, -1)),
    known: batch.known,
    places: batch.places,
    user: () => np.take(parameters.users, batch.user, 0),
    dropout: (n, x) => (`dropout${n}` in batch ? np.multiply(x, batch[`dropout${n}`]) : x),
  };
  const vectors = model.encode(parameters, input, options);
  const [batchSize, queries, width] = vectors.shape;
  return np.matmul(np.reshape(vectors, [batchSize * queries, width]), np.transpose(parameters.items));
}

/**
 * A network as a next-item model: cross-entropy of the item that follows each prefix of a sequence, over a softmax of all
 * trained items, as in RecBole. The user's other likes are among the softmax's negatives, as everywhere where it is used.
 */
export function networkModel<O extends NetworkOptions>(
  model: SequenceModel<NoInfer<O>>,
  train: ControlledListTraining,
  options: O,
  random: Random,
): NextItemModel {
  const vocabulary = vocabularyOf(train);
  const length = model.length(options, train.historyLength);
  const width = model.isCausal ? (options.targets ?? Math.ceil(length / 2)) : 1;
  const segments = new Segments(train, width, length, random.fork("segments"));
  const size = Math.max(1, Math.min(Math.floor(options.batchSize / width), segments.length));
  const shape = { length, queries: width, width: options.embedding };
  const layout = { size, length, width, padding: model.padding };
  const masks = Math.round(options.dropout * 256) === 0 ? [] : model.dropouts(shape, options);
  return {
    vocabulary,
    examples: segments.length,
    batchSize: size,
    initial: initialParameters(model, vocabulary, shape, options, random),
    batch(chosen, own, epoch): Batch {
      const picked = Array.from(chosen, (n) => segments.at(n, epoch));
      const dropouts = masks.map(
        (part, n) => [`dropout${n}`, dropoutMask([size, ...part], options.dropout, own)] as const,
      );
      return {
        ...historyBatch(vocabulary, picked, layout),
        ...targetBatch(vocabulary, picked, layout),
        ...Object.fromEntries(dropouts),
      };
    },
    loss: (parameters, batch) =>
      crossEntropy(logits(model, parameters, batch, options), batch.target, batch.weight),
    queries: (queries, count) => historyBatch(vocabulary, queries, { ...layout, size: count, width: 1 }),
    logits: (parameters, batch) => logits(model, parameters, batch, options),
    forScoring(parameters) {
      if (!model.usesUser) return parameters;
      const { userCount } = vocabulary;
      const users = withAverage(parameters.users.data as Float32Array, userCount, shape.width);
      return { ...parameters, users: float32(users, [userCount + 1, shape.width]) };
    },
  };
}

/** The states at some places of each row [B, Q, d], of states [B, L, d]. */
export function atPlaces(states: np.Array, places: np.Array): np.Array {
  const [batch, length, width] = states.shape;
  const starts = np.reshape(np.multiply(np.arange(batch).astype(np.int32), length), [batch, 1]);
  return np.take(np.reshape(states, [batch * length, width]), np.add(places, starts), 0);
}
