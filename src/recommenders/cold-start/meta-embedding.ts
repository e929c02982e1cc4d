import { numpy as np } from "@jax-js/jax";
import { z } from "zod";
import type { Random } from "../../core/random.js";
import { rowIndices } from "../../data/csr.js";
import { sigmoid } from "../../engine/nn/activations.js";
import { bceWithLogits } from "../../engine/nn/losses.js";
import { int32 } from "../../engine/run/tensor.js";
import { dense, denseParameters } from "../ctr/layers.js";
import type { ContentModel, Source } from "./model.js";
import { contentRecommender } from "./recommender.js";

const options = {
  /** Weight of the loss before the step; the loss after it has the rest. */
  alpha: z.number().min(0).max(1).default(0.1),
  /** Length of the step that a generated embedding takes in between. */
  innerRate: z.number().min(0).default(0.01),
  /** Users with the item, and as many without, in each of the two losses. */
  shots: z.int().min(1).default(10),
};

type MetaOptions = Readonly<Record<"alpha" | "innerRate" | "shots", number>>;

/** Items that some training user has and some doesn't. */
function itemsOf({ byItem }: Source): Int32Array {
  return Int32Array.from(new Set(byItem.users));
}

/** 2 shots users with the item, in random order, each as often as the others (but for 1), then 2 shots without it. */
function drawUsers(item: number, { usersOf, byItem }: Source, shots: number, random: Random) {
  const own = random.shuffle(rowIndices(usersOf, item).slice());
  const having = Array.from({ length: 2 * shots }, (_, n) => own[n % own.length]);
  const others = Array.from({ length: 2 * shots }, () => byItem.negative(item, random));
  return { having, others };
}

/**
 * Learns to generate embeddings that are good at once and better after one step of gradient descent. For an item, e = W c_i + b is
 * judged on some users, `l_a = BCE(U_u . e, y)`; then `e' = e - rate dl_a/de` on others, l_b; the loss is `alpha l_a + (1 - alpha)
 * l_b`. Users and warm items keep the backbone's embeddings.
 */
export const metaEmbeddingModel: ContentModel<MetaOptions> = {
  examples: (source) => itemsOf(source).length,
  /** `item` [n], and users `first` and `second` [n, 2 shots]: those with the item, then those without. */
  batch(chosen, source, { shots }, random) {
    const items = itemsOf(source);
    const item = chosen.map((n) => items[n]);
    const first: number[] = [];
    const second: number[] = [];
    for (const one of item) {
      const { having, others } = drawUsers(one, source, shots, random);
      first.push(...having.slice(0, shots), ...others.slice(0, shots));
      second.push(...having.slice(shots), ...others.slice(shots));
    }
    const shape = [item.length, 2 * shots];
    return { item: int32(item), first: int32(first, shape), second: int32(second, shape) };
  },
  parameters: ({ factors, content }, _options, random) =>
    denseParameters("generator", content, factors, random),
  loss(parameters, { item, first, second }, { users, content }, { alpha, innerRate, shots }) {
    const labels = np.where(np.less(np.arange(2 * shots), shots), 1, 0);
    const e = dense(parameters, "generator", np.take(content, item, 0));
    const scores = (own: np.Array, embedding: np.Array) =>
      np.sum(np.multiply(own, np.expandDims(embedding, 1)), -1);
    const [a, b] = [np.take(users, first, 0), np.take(users, second, 0)];
    const before = scores(a, e);
    // The derivative of the mean cross-entropy by e in closed form: mean of (sigmoid(U_u . e) - y) U_u.
    const errors = np.expandDims(np.subtract(sigmoid(before), labels), -1);
    const step = np.multiply(np.mean(np.multiply(errors, a), 1), innerRate);
    const after = scores(b, np.subtract(e, step));
    const all = np.add(labels, np.zeros(before.shape));
    return np.add(
      np.multiply(bceWithLogits(before, all), alpha),
      np.multiply(bceWithLogits(after, all), 1 - alpha),
    );
  },
  embed: (parameters, { users, items, content, warm }) => ({
    users,
    items: np.where(np.greater(warm, 0), items, dense(parameters, "generator", content)),
  }),
};

export const metaEmbedding = contentRecommender({
  id: "metaemb",
  summary: "Embeddings generated to be good at once and to warm up fast (Pan et al., SIGIR 2019).",
  batchSize: 256,
  options,
  model: metaEmbeddingModel,
});
