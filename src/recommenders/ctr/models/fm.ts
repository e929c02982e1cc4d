import { numpy as np } from "@jax-js/jax";
import { square } from "../../../engine/nn/activations.js";
import type { CtrModel } from "../model.js";
import type { FmOptions } from "../options.js";

/** Inner products of all pairs of fields, [B, F, d] to [B]: sum over d of ((sum e)² - sum e²) / 2 (Rendle 2010, lemma 3.1). */
export function pairwise(fields: np.Array): np.Array {
  const difference = np.subtract(square(np.sum(fields, 1)), np.sum(square(fields), 1));
  return np.multiply(np.sum(difference, -1), 0.5);
}

/** Factorisation machine of degree 2. */
export const fm: CtrModel<FmOptions> = {
  uses: { embeddings: true, linear: true, history: false },
  parameters: () => ({}),
  dropouts: () => [],
  logit: (_p, input) => np.add(input.linear(), pairwise(input.fields())),
};
