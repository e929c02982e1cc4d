import { numpy as np } from "@jax-js/jax";
import { denseParameters, denseScalar, flatten, mlp, mlpInputs, mlpParameters } from "../layers.js";
import type { CtrModel } from "../model.js";
import type { DeepOptions } from "../options.js";
import { pairwise } from "./fm.js";

/** Factorisation machine plus an MLP over the same embeddings. */
export const deepfm: CtrModel<DeepOptions> = {
  uses: { embeddings: true, linear: true, history: false },
  parameters: ({ fields, width }, { hidden }, random) => ({
    ...mlpParameters(fields * width, hidden, random),
    ...denseParameters("out", hidden.at(-1) ?? fields * width, 1, random),
  }),
  dropouts: ({ fields, width }, { hidden }) => mlpInputs(fields * width, hidden),
  logit(p, input, { hidden }) {
    const fields = input.fields();
    const deep = denseScalar(p, "out", mlp(p, flatten(fields), hidden, input));
    return np.add(np.add(input.linear(), pairwise(fields)), deep);
  },
};
