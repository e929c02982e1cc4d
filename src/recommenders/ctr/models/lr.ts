import type { CtrModel } from "../model.js";
import type { LrOptions } from "../options.js";

/** Logistic regression: sum of w_f(x_f) + b. */
export const lr: CtrModel<LrOptions> = {
  uses: { embeddings: false, linear: true, history: false },
  parameters: () => ({}),
  dropouts: () => [],
  logit: (_p, input) => input.linear(),
};
