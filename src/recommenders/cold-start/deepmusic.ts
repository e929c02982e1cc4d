import { numpy as np } from "@jax-js/jax";
import { z } from "zod";
import { relu } from "../../engine/nn/activations.js";
import { mseLoss } from "../../engine/nn/losses.js";
import { dense, denseParameters } from "../ctr/layers.js";
import type { Arrays } from "../ctr/model.js";
import { WARM_ITEMS } from "./examples.js";
import type { ContentModel } from "./model.js";
import { contentRecommender } from "./recommender.js";

const options = {
  /** Width of the hidden layer. */
  hidden: z.int().min(1).default(200),
};

/** The item's predicted embedding [n, d] of its content [n, c]. */
function predict(parameters: Arrays, content: np.Array): np.Array {
  return dense(parameters, "output", relu(dense(parameters, "hidden", content)));
}

/**
 * Predicts the backbone's embedding of an item by its content, with mean squared error over the warm items: `f(c_i) = W2 relu(W1 c_i +
 * b1) + b2` (the authors' network reads audio). Warm items and users keep the backbone's embeddings.
 */
export const deepMusicModel: ContentModel<{ readonly hidden: number }> = {
  ...WARM_ITEMS,
  parameters: ({ factors, content }, { hidden }, random) => ({
    ...denseParameters("hidden", content, hidden, random),
    ...denseParameters("output", hidden, factors, random),
  }),
  loss: (parameters, { item }, tables) =>
    mseLoss(predict(parameters, np.take(tables.content, item, 0)), np.take(tables.items, item, 0)),
  embed: (parameters, { users, items, content, warm }) => ({
    users,
    items: np.where(np.greater(warm, 0), items, predict(parameters, content)),
  }),
};

export const deepMusic = contentRecommender({
  id: "deepmusic",
  summary:
    "Predicts an item's latent factors from its content (van den Oord, Dieleman and Schrauwen, NIPS 2013).",
  batchSize: 256,
  options,
  model: deepMusicModel,
});
