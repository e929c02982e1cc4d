import { numpy as np } from "@jax-js/jax";
import { z } from "zod";
import { tanh } from "../../engine/nn/activations.js";
import { frozen } from "../../engine/nn/custom.js";
import { bprLoss, mseLoss } from "../../engine/nn/losses.js";
import { dense, denseParameters } from "../ctr/layers.js";
import type { Arrays } from "../ctr/model.js";
import { TRIPLES } from "./examples.js";
import type { ContentModel } from "./model.js";
import { contentRecommender } from "./recommender.js";
import { rowDots } from "./row-dots.js";

const options = {
  /** Weight of the generator's distance from the item's embedding; fooling the recommender has the rest. */
  alpha: z.number().min(0).max(1).default(0.05),
  /** Weight of the recommender's ranking of real items; telling generated ones apart has the rest. */
  beta: z.number().min(0).max(1).default(0.1),
};

/** The generated embedding [n, d] of content [n, c], each number in -1..1. */
function generate(parameters: Arrays, content: np.Array): np.Array {
  return tanh(dense(parameters, "output", tanh(dense(parameters, "hidden", content))));
}

/**
 * A generator of item embeddings and a recommender that compete. The recommender begins as the backbone and learns to rank a user's
 * item above others and above the embedding generated for it: `(1 - beta) BPR(i > g_i) + beta BPR(i > j)`. The
 * generator learns to be taken for the item: `(1 - alpha) BPR(g_i > i) + alpha MSE(g_i, i)`. Each moves its own part only, both in the
 * same step. Cold items get generated embeddings.
 */
export const garModel: ContentModel<{ readonly alpha: number; readonly beta: number }> = {
  ...TRIPLES,
  parameters: ({ factors, content }, _options, random, { users, items }) => ({
    users,
    items,
    ...denseParameters("hidden", content, 2 * factors, random),
    ...denseParameters("output", 2 * factors, factors, random),
  }),
  loss(parameters, batch, { content }, { alpha, beta }) {
    const user = np.take(parameters.users, batch.user, 0);
    const positive = np.take(parameters.items, batch.positive, 0);
    const negative = np.take(parameters.items, batch.negative, 0);
    const generated = generate(parameters, np.take(content, batch.positive, 0));
    const [fixedUser, fixedPositive, fixedGenerated] = [user, positive, generated].map(frozen);
    const own = rowDots(user, positive);
    const recommender = np.add(
      np.multiply(bprLoss(own, rowDots(user, fixedGenerated)), 1 - beta),
      np.multiply(bprLoss(own, rowDots(user, negative)), beta),
    );
    const generator = np.add(
      np.multiply(bprLoss(rowDots(fixedUser, generated), rowDots(fixedUser, fixedPositive)), 1 - alpha),
      np.multiply(mseLoss(generated, fixedPositive), alpha),
    );
    return np.add(recommender, generator);
  },
  embed: (parameters, { content, warm }) => ({
    users: parameters.users,
    items: np.where(np.greater(warm, 0), parameters.items, generate(parameters, content)),
  }),
};

export const gar = contentRecommender({
  id: "gar",
  summary: "Generator and recommender that compete over cold items' embeddings (Chen et al., SIGIR 2022).",
  batchSize: 1024,
  options,
  model: garModel,
});
