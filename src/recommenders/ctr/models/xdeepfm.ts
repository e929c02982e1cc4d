import { numpy as np } from "@jax-js/jax";
import { float32 } from "../../../engine/run/tensor.js";
import { denseParameters, denseScalar, flatten, mlp, mlpInputs, mlpParameters, xavier } from "../layers.js";
import type { CtrModel, Parameters } from "../model.js";
import type { XDeepFmOptions } from "../options.js";

/**
 * Compressed interaction network: x_{k+1,h} = sum over i, j of W_{h,i,j} (x_{k,i} * x_{0,j}), vector-wise, without activation (the
 * paper's best); the maps' sums over d go to one dense layer. Plus the first-order term and an MLP's logit.
 */
export const xdeepfm: CtrModel<XDeepFmOptions> = {
  uses: { embeddings: true, linear: true, history: false },
  parameters({ fields, width }, { hidden, maps }, random) {
    const parameters: Parameters = {
      ...mlpParameters(fields * width, hidden, random),
      ...denseParameters("deep", hidden.at(-1) ?? fields * width, 1, random),
      ...denseParameters(
        "out",
        maps.reduce((sum, count) => sum + count, 0),
        1,
        random,
      ),
    };
    return maps.reduce<Parameters>((all, count, n) => {
      const before = n === 0 ? fields : maps[n - 1];
      const { data } = xavier(random.fork(`maps${n}`), before * fields, count);
      return { ...all, [`maps${n}`]: float32(data, [before, fields * count]) };
    }, parameters);
  },
  dropouts: ({ fields, width }, { hidden }) => mlpInputs(fields * width, hidden),
  logit(p, input, { hidden, maps }) {
    const fields = input.fields();
    // [B, d, F]. The sum over j is taken last, so that the products of all pairs of maps never exist at once.
    const x0 = np.transpose(fields, [0, 2, 1]);
    const [batch, width, count] = x0.shape;
    const sums: np.Array[] = [];
    let x = x0;
    maps.forEach((outputs, n) => {
      const projected = np.reshape(np.matmul(x, p[`maps${n}`]), [batch, width, count, outputs]);
      x = np.sum(np.multiply(projected, np.expandDims(x0, 3)), 2);
      sums.push(np.sum(x, 1));
    });
    const interactions = denseScalar(p, "out", sums.length === 1 ? sums[0] : np.concatenate(sums, -1));
    const deep = denseScalar(p, "deep", mlp(p, flatten(fields), hidden, input));
    return np.add(np.add(input.linear(), interactions), deep);
  },
};
