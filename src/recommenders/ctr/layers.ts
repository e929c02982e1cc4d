import { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import { relu } from "../../engine/nn/activations.js";
import { float32, zeros } from "../../engine/run/tensor.js";
import type { Arrays, ModelInput, Parameters } from "./model.js";

/** Xavier's normal initialisation: standard deviation sqrt(2 / (inputs + outputs)). */
export function xavier(random: Random, inputs: number, outputs: number) {
  return float32(random.normals(inputs * outputs, Math.sqrt(2 / (inputs + outputs))), [inputs, outputs]);
}

/** A dense layer's `NAME.weight` [inputs, outputs] (Xavier) and `NAME.bias` (0). */
export function denseParameters(name: string, inputs: number, outputs: number, random: Random): Parameters {
  return {
    [`${name}.weight`]: xavier(random.fork(name), inputs, outputs),
    [`${name}.bias`]: zeros("float32", [outputs]),
  };
}

/** x W + b. */
export function dense(parameters: Arrays, name: string, x: np.Array): np.Array {
  return np.add(np.matmul(x, parameters[`${name}.weight`]), parameters[`${name}.bias`]);
}

/** A dense layer with one output, as a vector [B]. */
export function denseScalar(parameters: Arrays, name: string, x: np.Array): np.Array {
  return np.squeeze(dense(parameters, name, x), -1);
}

/** Layers `mlp0`, `mlp1`, ... of the hidden widths. */
export function mlpParameters(inputs: number, hidden: readonly number[], random: Random): Parameters {
  return hidden.reduce<Parameters>(
    (all, width, n) => ({
      ...all,
      ...denseParameters(`mlp${n}`, n === 0 ? inputs : hidden[n - 1], width, random),
    }),
    {},
  );
}

/** Widths of the inputs of an MLP's layers. */
export function mlpInputs(inputs: number, hidden: readonly number[]): number[] {
  return hidden.map((_, n) => (n === 0 ? inputs : hidden[n - 1]));
}

/** Dropout, dense layer, ReLU, for each layer, as in RecBole. */
export function mlp(parameters: Arrays, x: np.Array, hidden: readonly number[], input: ModelInput): np.Array {
  return hidden.reduce((y, _, n) => relu(dense(parameters, `mlp${n}`, input.dropout(n, y))), x);
}

/** [B, F, d] as [B, F d]. */
export function flatten(fields: np.Array): np.Array {
  const [batch, count, width] = fields.shape;
  return np.reshape(fields, [batch, count * width]);
}
