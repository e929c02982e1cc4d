import { numpy as np } from "@jax-js/jax";
import { sigmoid, tanh } from "./activations.js";

/** A gated recurrent unit's weights in PyTorch's layout and gate order (reset, update, new), but as [in, out]. */
export interface GruParameters {
  /** [input, 3 * hidden]. */
  inputWeight: np.Array;
  /** [hidden, 3 * hidden]. */
  hiddenWeight: np.Array;
  /** [3 * hidden]. */
  inputBias: np.Array;
  /** [3 * hidden]. */
  hiddenBias: np.Array;
}

/**
 * One step: r = s(x Wr + h Ur), z = s(x Wz + h Uz), n = tanh(x Wn + bn + r (h Un + cn)), h' = (1 - z) n + z h.
 * @param projected - x W + b, [batch, 3 * hidden]: made for all steps at once, outside the recurrence.
 * @param hidden - [batch, hidden].
 */
export function gruStep(projected: np.Array, hidden: np.Array, parameters: GruParameters): np.Array {
  const recurrent = np.add(np.matmul(hidden, parameters.hiddenWeight), parameters.hiddenBias);
  const [xr, xz, xn] = np.split(projected, 3, -1);
  const [hr, hz, hn] = np.split(recurrent, 3, -1);
  const reset = sigmoid(np.add(xr, hr));
  const update = sigmoid(np.add(xz, hz));
  const fresh = tanh(np.add(xn, np.multiply(reset, hn)));
  return np.add(fresh, np.multiply(update, np.subtract(hidden, fresh)));
}

/**
 * The states after each step, [batch, length, hidden], from a zero state. Unrolled: good to about 50 steps, slow to compile at 200.
 * @param inputs - [batch, length, input].
 */
export function gru(inputs: np.Array, parameters: GruParameters): np.Array {
  const [batch, length] = inputs.shape;
  const [size] = parameters.hiddenWeight.shape;
  const projected = np.add(np.matmul(inputs, parameters.inputWeight), parameters.inputBias);
  let hidden = np.zeros([batch, size]);
  const states = np.split(projected, length, 1).map((step) => {
    hidden = gruStep(np.reshape(step, [batch, 3 * size]), hidden, parameters);
    return hidden;
  });
  return np.stack(states, 1);
}
