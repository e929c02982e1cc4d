import { numpy as np } from "@jax-js/jax";
import { dense, denseParameters, denseScalar, flatten, mlp, mlpInputs, mlpParameters } from "../layers.js";
import type { CtrModel } from "../model.js";
import type { DcnOptions } from "../options.js";

const crossNames = (layers: number) => Array.from({ length: layers }, (_, n) => `cross${n}`);

/** Cross layers x_{l+1} = x_0 * (W_l x_l + b_l) + x_l with whole matrices W_l, beside an MLP; both end in one dense layer. */
export const dcnv2: CtrModel<DcnOptions> = {
  uses: { embeddings: true, linear: false, history: false },
  parameters({ fields, width }, { hidden, crossLayers }, random) {
    const flat = fields * width;
    const crosses = crossNames(crossLayers).map((name) => denseParameters(name, flat, flat, random));
    return {
      ...crosses.reduce((all, one) => ({ ...all, ...one }), {}),
      ...mlpParameters(flat, hidden, random),
      ...denseParameters("out", flat + (hidden.at(-1) ?? 0), 1, random),
    };
  },
  dropouts: ({ fields, width }, { hidden }) => mlpInputs(fields * width, hidden),
  logit(p, input, { hidden, crossLayers }) {
    const x0 = flatten(input.fields());
    const crossed = crossNames(crossLayers).reduce(
      (x, name) => np.add(np.multiply(x0, dense(p, name, x)), x),
      x0,
    );
    const both = hidden.length === 0 ? crossed : np.concatenate([crossed, mlp(p, x0, hidden, input)], -1);
    return denseScalar(p, "out", both);
  },
};
