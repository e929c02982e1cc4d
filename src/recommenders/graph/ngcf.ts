import { z } from "zod";
import type { Factors } from "../factorisation/factors.js";
import type { PairwiseData } from "../pairwise/data.js";
import { pairwiseOptions, type TrainingContext, type TrainingExtras } from "../pairwise/options.js";
import { embeddingRecommender } from "../pairwise/recommender.js";

const options = z.strictObject({
  ...pairwiseOptions,
  /** Graph layers, each as wide as an embedding. */
  layers: z.int().min(1).default(3),
  /** Share of a layer's outputs that training drops. */
  dropout: z.number().min(0).max(0.95).default(0.1),
  /** Weight of the squared lengths of a triple's final embeddings. */
  regularization: z.number().min(0).default(1e-5),
});

export type NgcfOptions = z.infer<typeof options>;

/**
 * BPR on embeddings that pass through dense layers along the graph of the pairs. Layer: `E' = unit rows of dropout(leakyRelu((E + A E) W1 + b1 +
 * (E * A E) W2 + b2))` with slope 0.2 and LightGCN's A; a score is the inner product of all layers' rows, one after another.
 */
export const ngcf = embeddingRecommender({
  id: "ngcf",
  summary: "Neural graph collaborative filtering (Wang, He, Wang, Feng and Chua, SIGIR 2019).",
  options,
  train: trainNgcf,
});

/**
 * Trains on any pairs, such as the union of real and simulated ones: they are the positives and the graph.
 * @returns embeddings of length embeddingSize * (layers + 1).
 */
export async function trainNgcf(
  data: PairwiseData,
  given: NgcfOptions,
  context: TrainingContext,
  extras?: TrainingExtras,
): Promise<Factors> {
  const [{ NgcfModel }, { trainPairwise }] = await Promise.all([
    import("./ngcf-model.js"),
    import("../pairwise/train.js"),
  ]);
  const model = await NgcfModel.create(data.matrix, given, context.random.fork("embeddings"));
  try {
    return await trainPairwise("ngcf", model, data, given, context, extras);
  } finally {
    await model.release();
  }
}
