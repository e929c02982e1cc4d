import { numpy as np } from "@jax-js/jax";
import { relu, softmax } from "../../../engine/nn/activations.js";
import { mergeHeads, splitHeads } from "../../../engine/nn/attention.js";
import { denseParameters, denseScalar, flatten, mlp, mlpInputs, mlpParameters, xavier } from "../layers.js";
import type { Arrays, CtrModel } from "../model.js";
import type { AutoIntOptions } from "../options.js";

const MATRICES = ["query", "key", "value", "residual"] as const;

/**
 * Self-attention among the fields (not scaled, as in the paper): relu(heads(softmax(q kᵀ) v) + x W_residual), layer by layer;
 * a dense layer of the result, plus the first-order term and an MLP's logit (the paper's AutoInt+; `hidden: []` for AutoInt).
 */
export const autoint: CtrModel<AutoIntOptions> = {
  uses: { embeddings: true, linear: true, history: false },
  parameters({ fields, width }, { hidden, layers, heads, headWidth }, random) {
    const out = heads * headWidth;
    const attention = Array.from({ length: layers }, (_, n) =>
      MATRICES.map((kind) => {
        const name = `attention${n}.${kind}`;
        return [name, xavier(random.fork(name), n === 0 ? width : out, out)] as const;
      }),
    );
    return {
      ...Object.fromEntries(attention.flat()),
      ...denseParameters("out", fields * out, 1, random),
      ...(hidden.length === 0
        ? {}
        : {
            ...mlpParameters(fields * width, hidden, random),
            ...denseParameters("deep", hidden[hidden.length - 1], 1, random),
          }),
    };
  },
  dropouts: ({ fields, width }, { hidden }) => mlpInputs(fields * width, hidden),
  logit(p, input, { hidden, layers, heads }) {
    const fields = input.fields();
    let x = fields;
    for (let n = 0; n < layers; n++) x = interact(p, `attention${n}`, x, heads);
    const logit = np.add(input.linear(), denseScalar(p, "out", flatten(x)));
    if (hidden.length === 0) return logit;
    return np.add(logit, denseScalar(p, "deep", mlp(p, flatten(fields), hidden, input)));
  },
};

function interact(p: Arrays, name: string, x: np.Array, heads: number): np.Array {
  const [q, k, v] = ["query", "key", "value"].map((kind) =>
    splitHeads(np.matmul(x, p[`${name}.${kind}`]), heads),
  );
  // Thousands of matrices of a few fields each: products and sums are quicker than as many small matrix products.
  const weights = softmax(np.sum(np.multiply(np.expandDims(q, 3), np.expandDims(k, 2)), -1));
  const mixed = np.sum(np.multiply(np.expandDims(weights, -1), np.expandDims(v, 2)), 3);
  return relu(np.add(mergeHeads(mixed), np.matmul(x, p[`${name}.residual`])));
}
