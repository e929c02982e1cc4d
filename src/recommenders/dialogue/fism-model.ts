import { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import { sampledSoftmax } from "../../engine/nn/losses.js";
import { float32, int32, type Float32Tensor, type Int32Tensor } from "../../engine/run/tensor.js";

/** FISM's parameters as tensors. */
export interface FismWeights extends Record<string, Float32Tensor> {
  /** [items, d]: an item as part of a history and as a candidate alike, as in Reindex-Then-Adapt's code. */
  embeddings: Float32Tensor;
  /** [items]. */
  bias: Float32Tensor;
}

type ArraysIn<T> = { [Key in keyof T]: np.Array };

/** One training batch. Padding weighs 0. */
export interface FismBatch {
  /** [batch, length], items named. */
  history: Int32Tensor;
  /** [batch, length], `n^-alpha` for each of the n items named, 0 for padding. */
  pooling: Float32Tensor;
  /** [batch]. */
  target: Int32Tensor;
  /** [samples], items drawn as wrong ones, shared by the batch. */
  sampled: Int32Tensor;
  /** [batch, samples], 1 where a drawn item is the target. */
  hits: Float32Tensor;
  /** [batch], 0 for rows of padding. */
  weight: Float32Tensor;
}

/**
 * First values: embeddings normal with standard deviation .01; biases log of the share of an item among the right answers, one
 * added to each count, so that training begins as popularity.
 * @param counts - how often each item was right.
 */
export function initialFism(counts: ArrayLike<number>, size: number, random: Random): FismWeights {
  const items = counts.length;
  const total = Array.from(counts).reduce((sum, count) => sum + count + 1, 0);
  return {
    embeddings: float32(random.normals(items * size, 0.01), [items, size]),
    bias: float32(Array.from(counts, (count) => Math.log((count + 1) / total))),
  };
}

/** Mean sampled softmax loss: logits are pooled history times candidate plus the candidate's bias. */
export function fismLoss(
  { embeddings, bias }: { embeddings: np.Array; bias: np.Array },
  { history, pooling, target, sampled, hits, weight }: ArraysIn<FismBatch>,
): np.Array {
  const pooled = np.sum(np.multiply(np.take(embeddings, history, 0), np.expandDims(pooling, -1)), 1);
  const positive = np.add(
    np.sum(np.multiply(pooled, np.take(embeddings, target, 0)), -1),
    np.take(bias, target, 0),
  );
  const logits = np.add(
    np.matmul(pooled, np.transpose(np.take(embeddings, sampled, 0))),
    np.take(bias, sampled, 0),
  );
  return sampledSoftmax(positive, logits, hits, weight);
}

/** A batch of samples, filled up to `size` rows. Of a long history the last `length` items count. */
export function fismBatch(
  samples: readonly { readonly mentioned: readonly number[]; readonly target: number }[],
  sampled: Int32Array,
  { size, length, alpha }: { size: number; length: number; alpha: number },
): FismBatch {
  const history = new Int32Array(size * length);
  const pooling = new Float32Array(size * length);
  const target = new Int32Array(size);
  const hits = new Float32Array(size * sampled.length);
  const weight = new Float32Array(size);
  samples.forEach(({ mentioned, target: right }, row) => {
    const last = mentioned.slice(-length);
    history.set(last, row * length);
    pooling.fill(last.length ** -alpha, row * length, row * length + last.length);
    target[row] = right;
    sampled.forEach((item, n) => {
      if (item === right) hits[row * sampled.length + n] = 1;
    });
    weight[row] = 1;
  });
  return {
    history: int32(history, [size, length]),
    pooling: float32(pooling, [size, length]),
    target: int32(target),
    sampled: int32(sampled),
    hits: float32(hits, [size, sampled.length]),
    weight: float32(weight),
  };
}

/** Writes every item's score for what was named. */
export function fismScores(
  { embeddings, bias }: FismWeights,
  mentioned: readonly number[],
  { length, alpha }: { length: number; alpha: number },
  row: Float32Array,
): void {
  const [items, size] = embeddings.shape;
  const last = mentioned.slice(-length);
  const pooled = new Float64Array(size);
  for (const item of last)
    for (let d = 0; d < size; d++) pooled[d] += embeddings.data[item * size + d] * last.length ** -alpha;
  for (let item = 0; item < items; item++) {
    let score = bias.data[item];
    for (let d = 0; d < size; d++) score += pooled[d] * embeddings.data[item * size + d];
    row[item] = score;
  }
}
