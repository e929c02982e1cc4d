import { numpy as np } from "@jax-js/jax";
import { bprLoss } from "../../engine/nn/losses.js";
import { float32 } from "../../engine/run/tensor.js";
import { xavier } from "../ctr/layers.js";
import { TRIPLES } from "./examples.js";
import type { ContentModel } from "./model.js";
import { contentRecommender } from "./recommender.js";
import { rowDots } from "./row-dots.js";

/**
 * Ranks items with their embedding (normal) and as if they had none (counterfactual), so that both kinds of score are learned:
 * a normal item is [Q_i, c_i W], a counterfactual one [0, c_i W], a user [P_u, A_u]. The loss is the sum of
 * four BPR losses, positives and negatives normal or counterfactual in every combination. P and Q begin as the backbone's.
 * The authors' code has two more linear maps on top, of users and of items; the inner product of two of them is in the
 * reach of P, A and W already.
 */
export const mtprModel: ContentModel<object> = {
  ...TRIPLES,
  parameters: ({ factors, content }, _options, random, { users, items }) => {
    const count = users.shape[0];
    const tastes = random.fork("tastes").normals(count * factors, Math.sqrt(2 / (count + factors)));
    return {
      users,
      items,
      tastes: float32(tastes, [count, factors]),
      projection: xavier(random.fork("projection"), content, factors),
    };
  },
  loss(parameters, { user, positive, negative }, { content }) {
    const own = np.take(parameters.users, user, 0);
    const taste = np.take(parameters.tastes, user, 0);
    const score = (item: np.Array) => {
      const byContent = rowDots(taste, np.matmul(np.take(content, item, 0), parameters.projection));
      return [np.add(byContent, rowDots(own, np.take(parameters.items, item, 0))), byContent];
    };
    const [positives, negatives] = [score(positive), score(negative)];
    return positives
      .flatMap((above) => negatives.map((below) => bprLoss(above, below)))
      .reduce((sum, part) => np.add(sum, part));
  },
  // No training pair, no step: the embeddings of cold items are still the backbone's zeros, the counterfactual.
  embed: (parameters, { content }) => ({
    users: np.concatenate([parameters.users, parameters.tastes], 1),
    items: np.concatenate([parameters.items, np.matmul(content, parameters.projection)], 1),
  }),
};

export const mtpr = contentRecommender({
  id: "mtpr",
  summary: "Ranking with and without an item's own embedding at once (Du et al., MM 2020).",
  batchSize: 1024,
  options: {},
  model: mtprModel,
});
