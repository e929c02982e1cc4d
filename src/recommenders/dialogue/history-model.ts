import { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import { sampledSoftmax } from "../../engine/nn/losses.js";
import {
  float32,
  int32,
  type Float32Tensor,
  type Int32Tensor,
  type Tensor,
} from "../../engine/run/tensor.js";
import type { ConversationCase } from "../../tasks/conversation.js";

/**
 * Parameters of a recommender on the items named. All have `embeddings` [items, d], for an item named and an item ranked alike, and
 * `bias` [items].
 */
export type HistoryWeights = Readonly<Record<string, Float32Tensor>>;
export type HistoryArrays = Readonly<Record<string, np.Array>>;

/** What of a case these recommenders look at. */
export type NamedItems = Pick<ConversationCase, "mentioned">;

/**
 * A recommender on the items named: score(j) = v . e_j + b_j. What is special about each is how the items named become the vector v;
 * this is the form in which Reindex-Then-Adapt mixes them with a language model's scores.
 */
export interface HistoryModel {
  /** Name of its stage, too. */
  readonly id: string;
  /**
   * First values.
   * @param counts - how often each item was right.
   */
  initial(counts: ArrayLike<number>, random: Random): HistoryWeights;
  /**
   * Inputs of histories in the order of first mention, filled up to `size` of them.
   * @param random - in training: draws what is dropped.
   */
  inputs(histories: readonly (readonly number[])[], size: number, random?: Random): Record<string, Tensor>;
  /** The histories' vectors [size, d]. */
  vectors(weights: HistoryArrays, inputs: HistoryArrays): np.Array;
  /** Whether weight decay shrinks a parameter. */
  decays(name: string): boolean;
  /** Scores all items; to be released. */
  scorer(): HistoryScorer;
}

export interface HistoryScorer {
  /** [cases, items]. */
  score(weights: HistoryWeights, cases: readonly NamedItems[], signal: AbortSignal): Promise<Float32Array>;
  release(): Promise<void>;
}

/** First biases: log of the share of an item among the right answers, one added to each count, so that training begins as popularity. */
export function popularityBias(counts: ArrayLike<number>): Float32Tensor {
  const total = Array.from(counts).reduce((sum, count) => sum + count + 1, 0);
  return float32(Array.from(counts, (count) => Math.log((count + 1) / total)));
}

/** Scores of some items [size, items] by vectors [size, d]. */
export function itemLogits(
  { embeddings, bias }: HistoryArrays,
  vectors: np.Array,
  items: np.Array,
): np.Array {
  const table = np.transpose(np.take(embeddings, items, 0));
  return np.add(np.matmul(vectors, table), np.take(bias, items, 0));
}

/** What a batch has beside the inputs. Padding weighs 0. */
interface TargetBatch {
  /** [size]. */
  target: Int32Tensor;
  /** [samples], items drawn as wrong ones, shared by the batch. */
  sampled: Int32Tensor;
  /** [size, samples], 1 where a drawn item is the target. */
  hits: Float32Tensor;
  /** [size], 0 for rows of padding. */
  weight: Float32Tensor;
}

/** Targets of a batch, filled up to `size` rows. */
export function targetBatch(targets: readonly number[], sampled: Int32Array, size: number): TargetBatch {
  const target = new Int32Array(size);
  const hits = new Float32Array(size * sampled.length);
  const weight = new Float32Array(size);
  targets.forEach((right, row) => {
    target[row] = right;
    sampled.forEach((item, n) => {
      if (item === right) hits[row * sampled.length + n] = 1;
    });
    weight[row] = 1;
  });
  return {
    target: int32(target),
    sampled: int32(sampled),
    hits: float32(hits, [size, sampled.length]),
    weight: float32(weight),
  };
}

/** Mean sampled softmax loss of a batch of inputs and targets. */
export function historyLoss(
  model: Pick<HistoryModel, "vectors">,
  weights: HistoryArrays,
  batch: HistoryArrays,
): np.Array {
  const vectors = model.vectors(weights, batch);
  const { target, sampled, hits, weight } = batch;
  const own = np.sum(np.multiply(vectors, np.take(weights.embeddings, target, 0)), -1);
  const positive = np.add(own, np.take(weights.bias, target, 0));
  return sampledSoftmax(positive, itemLogits(weights, vectors, sampled), hits, weight);
}
