import { numpy as np } from "@jax-js/jax";
import { z } from "zod";
import { tanh } from "../../engine/nn/activations.js";
import { mseLoss } from "../../engine/nn/losses.js";
import { float32, type Float32Tensor } from "../../engine/run/tensor.js";
import type { Random } from "../../core/random.js";
import { dense, denseParameters } from "../ctr/layers.js";
import type { Arrays } from "../ctr/model.js";
import { TRIPLES } from "./examples.js";
import type { ContentModel } from "./model.js";
import { contentRecommender } from "./recommender.js";
import { rowDots } from "./row-dots.js";

const options = {
  /** Width of the hidden layers. */
  hidden: z.int().min(1).default(200),
  /** Share of training items whose backbone embedding is hidden from the network. */
  dropout: z.number().min(0).max(1).default(0.5),
};

function network(parameters: Arrays, name: string, input: np.Array): np.Array {
  return dense(parameters, `${name}Output`, tanh(dense(parameters, `${name}Hidden`, input)));
}

function itemNetwork(parameters: Arrays, embedding: np.Array, content: np.Array): np.Array {
  return network(parameters, "item", np.concatenate([embedding, content], 1));
}

/** 1 where the embedding is seen, 0 where it is hidden [count, 1]. */
function seen(count: number, dropout: number, random: Random): Float32Tensor {
  return float32(
    Float32Array.from({ length: count }, () => Number(random.uniform() >= dropout)),
    [count, 1],
  );
}

/**
 * Two networks, f_U(U_u) of a user's backbone embedding and f_V(V_i, c_i) of an item's embedding and content, learn the backbone's
 * scores: squared error of f_U . f_V against U_u . V_i, over training pairs and as many random ones. V_i is 0 for a share
 * of the examples, as it is for a cold item, so the network learns to do without. Warm items are scored by the network, too.
 * Without user content only items are hidden.
 */
export const dropoutNetModel: ContentModel<{ readonly hidden: number; readonly dropout: number }> = {
  examples: (source) => TRIPLES.examples(source),
  parameters: ({ factors, content }, { hidden }, random) => ({
    ...denseParameters("userHidden", factors, hidden, random),
    ...denseParameters("userOutput", hidden, factors, random),
    ...denseParameters("itemHidden", factors + content, hidden, random),
    ...denseParameters("itemOutput", hidden, factors, random),
  }),
  batch: (chosen, source, options, random) => ({
    ...TRIPLES.batch(chosen, source, options, random),
    positiveSeen: seen(chosen.length, options.dropout, random.fork("positive")),
    negativeSeen: seen(chosen.length, options.dropout, random.fork("negative")),
  }),
  loss(parameters, batch, { users, items, content }) {
    const own = np.take(users, batch.user, 0);
    const user = network(parameters, "user", own);
    const error = (item: np.Array, kept: np.Array) => {
      const embedding = np.take(items, item, 0);
      const mapped = itemNetwork(parameters, np.multiply(embedding, kept), np.take(content, item, 0));
      return mseLoss(rowDots(user, mapped), rowDots(own, embedding));
    };
    return np.multiply(
      np.add(error(batch.positive, batch.positiveSeen), error(batch.negative, batch.negativeSeen)),
      0.5,
    );
  },
  embed: (parameters, { users, items, content }) => ({
    users: network(parameters, "user", users),
    items: itemNetwork(parameters, items, content),
  }),
};

export const dropoutNet = contentRecommender({
  id: "dropoutnet",
  summary:
    "Networks that learn to do without an item's latent factors (Volkovs, Yu and Poutanen, NIPS 2017).",
  batchSize: 1024,
  options,
  model: dropoutNetModel,
});
