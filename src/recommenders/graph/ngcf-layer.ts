import { grad, numpy as np } from "@jax-js/jax";
import { leakyRelu } from "../../engine/nn/activations.js";
import { unitNorm } from "../../engine/nn/norms.js";
import { program, type Program } from "../../engine/run/program.js";

/** What a layer is differentiated by: its input rows [n, d], their neighbours' sums A E [n, d], and its weights. */
export interface LayerInputs {
  own: np.Array;
  neighbours: np.Array;
  sumWeight: np.Array;
  sumBias: np.Array;
  productWeight: np.Array;
  productBias: np.Array;
}

/** Factors of a layer's outputs [n, d]: 0 where dropped, 1 / (1 - dropout) elsewhere. */
interface Masked {
  inputs: LayerInputs;
  mask: np.Array;
}

function layer({ own, neighbours, ...weights }: LayerInputs, mask: np.Array): np.Array {
  const sums = np.add(np.matmul(np.add(own, neighbours), weights.sumWeight), weights.sumBias);
  const products = np.add(
    np.matmul(np.multiply(own, neighbours), weights.productWeight),
    weights.productBias,
  );
  return unitNorm(np.multiply(leakyRelu(np.add(sums, products), 0.2), mask));
}

/** NGCF's layer and its gradients, as programs: the sparse product between layers stays outside. */
export interface LayerPrograms {
  readonly forward: Program<Masked, { rows: np.Array }>;
  readonly backward: Program<Masked & { upstream: np.Array }, LayerInputs>;
}

export function layerPrograms(): LayerPrograms {
  return {
    forward: program(({ inputs, mask }: Masked) => ({ rows: layer(inputs, mask) }), { name: "ngcf layer" }),
    backward: program(
      ({ inputs, mask, upstream }: Masked & { upstream: np.Array }) => {
        const through = (own: Record<string, np.Array>) =>
          np.sum(np.multiply(layer(own as unknown as LayerInputs, mask), upstream));
        return grad(through)({ ...inputs }) as unknown as LayerInputs;
      },
      { name: "ngcf gradients" },
    ),
  };
}
