import { numpy as np } from "@jax-js/jax";
import { float32, int32 } from "../../engine/run/tensor.js";
import { type HistoryModel, type HistoryWeights, popularityBias } from "./history-model.js";
import { scoreRows } from "./score-rows.js";

/** The sizes of a model. */
export interface FismShape {
  readonly embeddingSize: number;
  /** The sum of the items named is divided by their number to this power. */
  readonly alpha: number;
  /** The last so many items named count. */
  readonly history: number;
}

/**
 * FISM (Kabbur, Ning and Karypis, KDD 2013) in the form that Reindex-Then-Adapt's code gives it: score(j) = n^-alpha (sum of e_i over the
 * n items named) . e_j + b_j. Where nothing is named the bias alone ranks. Embeddings begin normal with standard deviation .01.
 */
export function fismModel(shape: FismShape): HistoryModel {
  const { embeddingSize, alpha, history: length } = shape;
  return {
    id: "fism",
    initial: (counts, random) => ({
      embeddings: float32(random.normals(counts.length * embeddingSize, 0.01), [
        counts.length,
        embeddingSize,
      ]),
      bias: popularityBias(counts),
    }),
    // `history` [size, length]: items named; `pooling` of that shape: n^-alpha for each of the n items, 0 for padding.
    inputs(histories, size) {
      const history = new Int32Array(size * length);
      const pooling = new Float32Array(size * length);
      histories.forEach((mentioned, row) => {
        const last = mentioned.slice(-length);
        history.set(last, row * length);
        pooling.fill(last.length ** -alpha, row * length, row * length + last.length);
      });
      return { history: int32(history, [size, length]), pooling: float32(pooling, [size, length]) };
    },
    vectors: ({ embeddings }, { history, pooling }) =>
      np.sum(np.multiply(np.take(embeddings, history, 0), np.expandDims(pooling, -1)), 1),
    decays: (name) => name === "embeddings",
    scorer: () => ({
      score: (weights, cases, signal) =>
        scoreRows(cases, weights.bias.data.length, signal, ({ mentioned }, row) => {
          fismScores(weights, mentioned, shape, row);
        }),
      release: () => Promise.resolve(),
    }),
  };
}

/** Writes every item's score for what was named. */
export function fismScores(
  { embeddings, bias }: HistoryWeights,
  mentioned: readonly number[],
  { history, alpha }: Pick<FismShape, "history" | "alpha">,
  row: Float32Array,
): void {
  const [items, size] = embeddings.shape;
  const last = mentioned.slice(-history);
  const pooled = new Float64Array(size);
  for (const item of last)
    for (let d = 0; d < size; d++) pooled[d] += embeddings.data[item * size + d] * last.length ** -alpha;
  for (let item = 0; item < items; item++) {
    let score = bias.data[item];
    for (let d = 0; d < size; d++) score += pooled[d] * embeddings.data[item * size + d];
    row[item] = score;
  }
}
