import { z } from "zod";
import type { PairwiseData } from "../pairwise/data.js";
import { embeddingRecommender } from "../pairwise/recommender.js";
import { pairwiseOptions, type TrainingContext, type TrainingExtras } from "../pairwise/options.js";
import type { Factors } from "./factors.js";

const options = z.strictObject({
  ...pairwiseOptions,
  /** Weight of the squared lengths of a triple's embeddings, lambda; RecBole's BPR has none. */
  regularization: z.number().min(0).default(0),
});

export type BprMfOptions = z.infer<typeof options>;

/**
 * Matrix factorisation that ranks a user's pairs above its other items. The loss is
 * `mean of -log sigmoid(e_u.e_i - e_u.e_j) + lambda / (2 triples) * sum of |e_u|^2 + |e_i|^2 + |e_j|^2`, by Adam.
 */
export const bprMf = embeddingRecommender({
  id: "bpr-mf",
  summary:
    "Matrix factorisation by Bayesian personalised ranking (Rendle, Freudenthaler, Gantner and Schmidt-Thieme, UAI 2009).",
  options,
  train: trainBprMf,
});

/** Trains on any pairs, such as the union of real and simulated ones. */
export async function trainBprMf(
  data: PairwiseData,
  given: BprMfOptions,
  context: TrainingContext,
  extras?: TrainingExtras,
): Promise<Factors> {
  const [{ PairwiseModel }, { trainPairwise }] = await Promise.all([
    import("../pairwise/model.js"),
    import("../pairwise/train.js"),
  ]);
  const model = await PairwiseModel.create(
    data.matrix,
    { ...given, size: given.embeddingSize, layers: 0 },
    context.random.fork("embeddings"),
  );
  return trainPairwise("bpr-mf", model, data, given, context, extras);
}
