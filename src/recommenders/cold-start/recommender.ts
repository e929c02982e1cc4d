import { z } from "zod";
import { factorsArtifact, innerProducts } from "../factorisation/factors.js";
import { pairwiseOptions } from "../pairwise/options.js";
import type { Recommender } from "../recommender.js";
import { type BackboneChoice, warmBackbone, withBackbone } from "./backbone.js";
import { type ContentChoice, contentOptions, itemContent } from "./content.js";
import type { ContentModel } from "./model.js";
import { type ContentTraining, trainContentModel } from "./train.js";

const { learningRate, epochs, validateEvery, patience } = pairwiseOptions;

const trainingOptions = {
  learningRate,
  /** Weight of the parameters in their own gradient. */
  weightDecay: z.number().min(0).default(0),
  epochs: epochs.default(100),
  validateEvery,
  patience,
};

/** Options of every content model, whatever its own. */
export type ContentOptions = BackboneChoice & ContentTraining & ContentChoice;

interface ContentRecommender<S extends z.ZodRawShape, O> {
  readonly id: string;
  readonly summary: string;
  /** Examples in a step. */
  readonly batchSize: number;
  /** The model's own options. */
  readonly options: S;
  readonly model: ContentModel<O>;
}

/**
 * A recommender that embeds cold items by their content, on a backbone of warm items. Stages: `content`, `backbone`, `embeddings`; the
 * first two are shared by all with the same settings.
 */
export function contentRecommender<S extends z.ZodRawShape>({
  id,
  summary,
  batchSize,
  options: own,
  model,
}: ContentRecommender<S, z.infer<z.ZodObject<S>> & ContentOptions>): Recommender<
  "cold-start",
  z.infer<z.ZodObject<S>> & ContentOptions
> {
  const shape = {
    ...contentOptions,
    ...trainingOptions,
    batchSize: z.int().min(1).default(batchSize),
    ...own,
  };
  return {
    id,
    task: "cold-start",
    kind: "classic",
    summary,
    options: withBackbone(shape, "als") as unknown as z.ZodType<z.infer<z.ZodObject<S>> & ContentOptions>,
    seeded: true,
    needsText: true,
    // All that are compared are to have the same content.
    untuned: () => ["content"],
    async fit(data, given, context) {
      const { content, key } = await itemContent(data, given, context);
      const backbone = await warmBackbone(data, given, context);
      const { value: embeddings } = await context.stages.run({
        name: "embeddings",
        version: 1,
        inputs: {
          model: id,
          options: given,
          seed: context.seed,
          data: data.hash,
          content: key,
          backbone: backbone.key,
        },
        format: factorsArtifact(data.users.keys.length, data.items.keys.length, "embeddings"),
        compute: async (workspace) =>
          (await trainContentModel(id, model, data, backbone.value, content, given, context, workspace))
            .embeddings,
      });
      return { answer: (cases, { signal }) => innerProducts(embeddings, cases, signal) };
    },
  };
}
