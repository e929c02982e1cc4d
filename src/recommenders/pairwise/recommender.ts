import type { z } from "zod";
import { type Factors, factorsArtifact, innerProducts } from "../factorisation/factors.js";
import type { Recommender } from "../recommender.js";
import type { PairwiseData } from "./data.js";
import type { TrainingContext, TrainingExtras } from "./options.js";

export interface EmbeddingRecommender<O> {
  readonly id: string;
  readonly summary: string;
  readonly options: z.ZodType<O>;
  readonly train: (
    data: PairwiseData,
    options: O,
    context: TrainingContext,
    extras?: TrainingExtras,
  ) => Promise<Factors>;
}

/**
 * A recommender whose scores are inner products of trained embeddings. The stage `embeddings` holds them (tensors
 * `user_embeddings` and `item_embeddings`), so that embeddings made elsewhere can be given. A cold item's embedding is
 * exactly 0, so its score is 0 and all cold items tie.
 */
export function embeddingRecommender<O>({
  id,
  summary,
  options,
  train,
}: EmbeddingRecommender<O>): Recommender<"cold-start", O> {
  return {
    id,
    task: "cold-start",
    kind: "classic",
    summary,
    options,
    seeded: true,
    async fit(data, given, context) {
      const { value: embeddings } = await context.stages.run({
        name: "embeddings",
        version: 1,
        inputs: { model: id, options: given, seed: context.seed, data: data.hash },
        format: factorsArtifact(data.users.keys.length, data.items.keys.length, "embeddings"),
        compute: (workspace) => train(data, given, context, { checkpoint: workspace }),
      });
      return { answer: (cases, { signal }) => innerProducts(embeddings, cases, signal) };
    },
  };
}
