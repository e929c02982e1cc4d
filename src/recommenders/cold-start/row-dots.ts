import { numpy as np } from "@jax-js/jax";

/** Inner products of corresponding rows [n]. */
export function rowDots(a: np.Array, b: np.Array): np.Array {
  return np.sum(np.multiply(a, b), -1);
}
