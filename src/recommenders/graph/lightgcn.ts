import { z } from "zod";
import type { Factors } from "../factorisation/factors.js";
import type { PairwiseData } from "../pairwise/data.js";
import { embeddingRecommender } from "../pairwise/recommender.js";
import { pairwiseOptions, type TrainingContext, type TrainingExtras } from "../pairwise/options.js";

const options = z.strictObject({
  ...pairwiseOptions,
  /** Times that the embeddings are passed on to their neighbours. */
  layers: z.int().min(1).default(3),
  /** Weight of the squared lengths of a triple's embeddings, before they are passed on. */
  regularization: z.number().min(0).default(1e-4),
});

export type LightGcnOptions = z.infer<typeof options>;

/**
 * BPR on embeddings that are averaged with those of their neighbours in the graph of the pairs: `F = (E + A E + ... + A^L E) / (L + 1)` with
 * `A_ui = 1 / sqrt(|N_u| |N_i|)`; scores are inner products of F.
 */
export const lightGcn = embeddingRecommender({
  id: "lightgcn",
  summary:
    "LightGCN: embeddings smoothed over the graph of users and items, learned by BPR (He et al., SIGIR 2020).",
  options,
  train: trainLightGcn,
});

/** Trains on any pairs, such as the union of real and simulated ones: they are the positives and the graph. */
export async function trainLightGcn(
  data: PairwiseData,
  given: LightGcnOptions,
  context: TrainingContext,
  extras?: TrainingExtras,
): Promise<Factors> {
  const [{ PairwiseModel }, { trainPairwise }] = await Promise.all([
    import("../pairwise/model.js"),
    import("../pairwise/train.js"),
  ]);
  const model = await PairwiseModel.create(
    data.matrix,
    { ...given, size: given.embeddingSize },
    context.random.fork("embeddings"),
  );
  return trainPairwise("lightgcn", model, data, given, context, extras);
}
