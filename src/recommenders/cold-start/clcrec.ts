import { numpy as np } from "@jax-js/jax";
import { z } from "zod";
import { hasEntry } from "../../data/csr.js";
import { leakyRelu, logSumExp } from "../../engine/nn/activations.js";
import { unitNorm } from "../../engine/nn/norms.js";
import { float32, int32 } from "../../engine/run/tensor.js";
import { dense, denseParameters } from "../ctr/layers.js";
import type { Arrays } from "../ctr/model.js";
import type { ContentModel } from "./model.js";
import { contentRecommender } from "./recommender.js";
import { rowDots } from "./row-dots.js";

const options = {
  /** Width of the hidden layer. */
  hidden: z.int().min(1).default(256),
  /** Random items that a positive competes with; a step's pairs share them. */
  negatives: z.int().min(1).default(128),
  temperature: z.number().positive().default(2),
  /** Weight of embedding against content; user against item has the rest. */
  lambda: z.number().min(0).max(1).default(0.5),
  /** Share of items that stand for themselves by their content in user against item. */
  mixed: z.number().min(0).max(1).default(0.5),
};

type ClcOptions = Readonly<Record<"hidden" | "negatives" | "temperature" | "lambda" | "mixed", number>>;

/** Added to the logarithm of what a positive does not compete with. */
const EXCLUDED = -1e9;

function encode(parameters: Arrays, content: np.Array): np.Array {
  return dense(parameters, "output", leakyRelu(dense(parameters, "hidden", content)));
}

/** Mean of -log of the positive's share: softmax of positive [n] and negatives [n, m] by the temperature. */
function contrast(
  positive: np.Array,
  negatives: np.Array,
  excluded: np.Array,
  temperature: number,
): np.Array {
  const own = np.multiply(positive, 1 / temperature);
  const others = np.add(np.multiply(negatives, 1 / temperature), excluded);
  return np.mean(np.subtract(logSumExp(np.concatenate([np.expandDims(own, -1), others], 1)), own));
}

/**
 * Contrastive learning of what content tells of an item's embedding. Embeddings begin as the backbone's and are trained along. Two
 * losses: the embedding v_i against the content z_i by their cosine, and the user against the item, where a share of the items is
 * represented by its content. Each is -log of the positive's share among itself and random items.
 */
export const clcRecModel: ContentModel<ClcOptions> = {
  examples: ({ sampler }) => sampler.users.length,
  /**
   * `user`, `positive` [n], `negatives` [m]; `positiveMixed` [n, 1], `negativesMixed` [m, 1]: 1 by content; `excluded` [n, m]: very
   * negative where the user has the item.
   */
  batch(chosen, { sampler, matrix }, { negatives: count, mixed }, random) {
    const user = chosen.map((n) => sampler.users[n]);
    const negatives = Int32Array.from({ length: count }, () => random.pick(sampler.trained));
    const mix = (length: number) =>
      float32(
        Float32Array.from({ length }, () => Number(random.uniform() < mixed)),
        [length, 1],
      );
    const excluded = new Float32Array(user.length * count);
    user.forEach((one, n) => {
      negatives.forEach((item, m) => {
        if (hasEntry(matrix, one, item)) excluded[n * count + m] = EXCLUDED;
      });
    });
    return {
      user: int32(user),
      positive: int32(chosen.map((n) => sampler.items[n])),
      negatives: int32(negatives),
      positiveMixed: mix(user.length),
      negativesMixed: mix(count),
      excluded: float32(excluded, [user.length, count]),
    };
  },
  parameters: ({ factors, content }, { hidden }, random, { users, items }) => ({
    users,
    items,
    ...denseParameters("hidden", content, hidden, random),
    ...denseParameters("output", hidden, factors, random),
  }),
  loss(parameters, batch, { content }, { temperature, lambda }) {
    const side = (items: np.Array, mixed: np.Array) => {
      const embedding = np.take(parameters.items, items, 0);
      const encoded = encode(parameters, np.take(content, items, 0));
      return { embedding, encoded, either: np.where(np.greater(mixed, 0), encoded, embedding) };
    };
    const user = np.take(parameters.users, batch.user, 0);
    const positive = side(batch.positive, batch.positiveMixed);
    const negatives = side(batch.negatives, batch.negativesMixed);
    const against = (anchor: np.Array, own: np.Array, others: np.Array) =>
      contrast(rowDots(anchor, own), np.matmul(anchor, np.transpose(others)), batch.excluded, temperature);
    const byContent = against(
      unitNorm(positive.embedding),
      unitNorm(positive.encoded),
      unitNorm(negatives.encoded),
    );
    const byUser = against(user, positive.either, negatives.either);
    return np.add(np.multiply(byContent, lambda), np.multiply(byUser, 1 - lambda));
  },
  embed: (parameters, { content, warm }) => ({
    users: parameters.users,
    items: np.where(np.greater(warm, 0), parameters.items, encode(parameters, content)),
  }),
};

export const clcRec = contentRecommender({
  id: "clcrec",
  summary: "Contrastive learning of collaborative signals in content (Wei et al., MM 2021).",
  batchSize: 1024,
  options,
  model: clcRecModel,
});
