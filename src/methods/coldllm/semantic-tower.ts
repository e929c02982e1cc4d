import { numpy as np } from "@jax-js/jax";
import { relu, softplus } from "../../engine/nn/activations.js";
import { TRIPLES } from "../../recommenders/cold-start/examples.js";
import type { ContentModel } from "../../recommenders/cold-start/model.js";
import { rowDots } from "../../recommenders/cold-start/row-dots.js";
import { dense, denseParameters } from "../../recommenders/ctr/layers.js";
import type { Arrays } from "../../recommenders/ctr/model.js";

export interface SemanticTowerOptions {
  /** Width of the hidden layer of both towers. */
  readonly hidden: number;
  /** Length of what both towers map to. */
  readonly size: number;
}

function tower(parameters: Arrays, name: string, input: np.Array): np.Array {
  return dense(parameters, `${name}Output`, relu(dense(parameters, `${name}Hidden`, input)));
}

/**
 * The semantic tower (version 1, equations 8 to 11): text vectors of users and items, each through a hidden layer into one space,
 * where `sigmoid(inner product)` is the chance of an interaction. The loss is binary cross-entropy over the training pairs and as many random
 * items that the user does not have. The table `users` holds the users' text vectors, not a backbone's.
 */
export const semanticTower: ContentModel<SemanticTowerOptions> = {
  ...TRIPLES,
  parameters: ({ factors, content }, { hidden, size }, random) => ({
    ...denseParameters("userHidden", factors, hidden, random),
    ...denseParameters("userOutput", hidden, size, random),
    ...denseParameters("itemHidden", content, hidden, random),
    ...denseParameters("itemOutput", hidden, size, random),
  }),
  loss(parameters, { user, positive, negative }, { users, content }) {
    const mapped = tower(parameters, "user", np.take(users, user, 0));
    const score = (item: np.Array) => rowDots(mapped, tower(parameters, "item", np.take(content, item, 0)));
    // -log sigmoid(x) is softplus(-x), and -log(1 - sigmoid(x)) is softplus(x).
    return np.mean(
      np.multiply(np.add(softplus(np.negative(score(positive))), softplus(score(negative))), 0.5),
    );
  },
  embed: (parameters, { users, content }) => ({
    users: tower(parameters, "user", users),
    items: tower(parameters, "item", content),
  }),
};
