import { numpy as np } from "@jax-js/jax";
import { square } from "./activations.js";
import { frozen, withDerivative } from "./custom.js";

/**
 * x / sqrt(mean(x²) + epsilon) over the last axis, times a weight of that side: Llama's norm.
 * With r = 1 / sqrt(...) and n = x r the derivative is r (dx - n mean(n dx)).
 */
export function rmsNorm(x: np.Array, weight: np.Array, epsilon = 1e-5): np.Array {
  const value = frozen(x);
  const mean = np.mean(square(value), -1, { keepdims: true });
  const r = np.reciprocal(np.sqrt(np.add(mean, epsilon)));
  const n = np.multiply(value, r);
  const normed = withDerivative(n, [
    x,
    (dx) =>
      np.multiply(r, np.subtract(dx, np.multiply(n, np.mean(np.multiply(n, dx), -1, { keepdims: true })))),
  ]);
  return np.multiply(normed, weight);
}

/**
 * (x - mean) / sqrt(variance + epsilon) over the last axis, times a weight, plus a bias; the variance divides by the number of
 * elements, as in PyTorch. A constant row gives the bias and a finite derivative.
 */
export function layerNorm(x: np.Array, weight: np.Array, bias: np.Array, epsilon = 1e-5): np.Array {
  const value = frozen(x);
  const mean = (a: np.Array) => np.mean(a, -1, { keepdims: true });
  const centred = np.subtract(value, mean(value));
  const r = np.reciprocal(np.sqrt(np.add(mean(square(centred)), epsilon)));
  const n = np.multiply(centred, r);
  const normed = withDerivative(n, [
    x,
    (dx) => {
      const flat = np.subtract(dx, mean(dx));
      return np.multiply(r, np.subtract(flat, np.multiply(n, mean(np.multiply(n, dx)))));
    },
  ]);
  return np.add(np.multiply(normed, weight), bias);
}

/** x / max(|x|, epsilon) over the last axis: unit vectors for cosine similarity. A zero row stays zero. */
export function unitNorm(x: np.Array, epsilon = 1e-12): np.Array {
  // Inside the root, so that the derivative at a zero row is finite.
  const length = np.sqrt(np.add(np.sum(square(x), -1, { keepdims: true }), epsilon * epsilon));
  return np.divide(x, length);
}
