import { lax, nn, numpy as np } from "@jax-js/jax";
import { frozen, fused, withDerivative } from "./custom.js";

/**
 * Stable forms. jax-js' own sigmoid, silu, softplus and logSigmoid give NaN or infinite gradients for arguments beyond about 88,
 * and its `power(x, 2)` a NaN at 0; these are right from -Infinity's neighbourhood to +Infinity's. Their goldens come from PyTorch.
 */

const fusedTanh = fused("tanh", (x) => np.tanh(x));
const fusedSigmoid = fused("sigmoid", (x) => np.reciprocal(np.add(np.exp(np.negative(x.ref)), 1)));

/** x². */
export function square(x: np.Array): np.Array {
  return np.multiply(x, x);
}

/** Hyperbolic tangent; derivative 1 - tanh². */
export function tanh(x: np.Array): np.Array {
  const y = fusedTanh(frozen(x));
  return withDerivative(y, [x, (dx) => np.multiply(dx, np.subtract(1, square(y)))]);
}

/**
 * 1 / (1 + exp(-x)); derivative s (1 - s). Exact to about 1e-7 absolute, not relative: for a loss use the forms on logits
 * ({@link softplus}, {@link logSigmoid}), whose small gradients are exact.
 */
export function sigmoid(x: np.Array): np.Array {
  const s = fusedSigmoid(frozen(x));
  return withDerivative(s, [x, (dx) => np.multiply(dx, np.multiply(s, np.subtract(1, s)))]);
}

/** x sigmoid(x), also called swish; derivative s + y (1 - s). */
export function silu(x: np.Array): np.Array {
  const value = frozen(x);
  const s = fusedSigmoid(value);
  const y = np.multiply(value, s);
  return withDerivative(y, [x, (dx) => np.multiply(dx, np.add(s, np.multiply(y, np.subtract(1, s))))]);
}

/** log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)); derivative sigmoid(x). */
export function softplus(x: np.Array): np.Array {
  const value = frozen(x);
  const tail = np.log(np.add(np.exp(np.negative(np.abs(value))), 1));
  const y = np.add(np.maximum(value, 0), tail);
  // Not the runtime's sigmoid: near 0 it is off by more than its own size. This one overflows to exactly 0.
  const slope = np.reciprocal(np.add(np.exp(np.negative(value)), 1));
  return withDerivative(y, [x, (dx) => np.multiply(dx, slope)]);
}

/** log(sigmoid(x)) = -softplus(-x). */
export function logSigmoid(x: np.Array): np.Array {
  return np.negative(softplus(np.negative(x)));
}

/** max(x, 0), with derivative 0 at 0 as in PyTorch (jax-js: 1). */
export function relu(x: np.Array): np.Array {
  return np.where(np.greater(x, 0), x, 0);
}

/** x for x > 0, else slope x. */
export function leakyRelu(x: np.Array, slope = 0.01): np.Array {
  return np.where(np.greater(x, 0), x, np.multiply(x, slope));
}

/** x Phi(x) with the normal distribution's Phi (not the approximation by tanh). */
export function gelu(x: np.Array): np.Array {
  return np.multiply(np.multiply(x, 0.5), np.add(lax.erf(np.multiply(x, Math.SQRT1_2)), 1));
}

/** x Phi(x) with Phi approximated by tanh, as in GPT-2. */
export function geluTanh(x: np.Array): np.Array {
  const cubic = np.multiply(x, np.add(np.multiply(square(x), 0.044715), 1));
  const inner = np.multiply(cubic, Math.sqrt(2 / Math.PI));
  return np.multiply(np.multiply(x, 0.5), np.add(tanh(inner), 1));
}

const fusedSoftmax = fused("softmax", (x) => nn.softmax(x, -1));

/**
 * exp(x) / sum(exp(x)) over the last axis. Masked logits must be -1e9, not -Infinity: a row that is masked throughout is
 * then uniform, and not NaN.
 */
export function softmax(x: np.Array): np.Array {
  const y = fusedSoftmax(frozen(x));
  return withDerivative(y, [
    x,
    (dx) => {
      const weighted = np.multiply(y, dx);
      return np.subtract(weighted, np.multiply(y, np.sum(weighted, -1, { keepdims: true })));
    },
  ]);
}

/** log(sum(exp(x))) over the last axis, which is dropped; derivative softmax(x). */
export function logSumExp(x: np.Array): np.Array {
  const value = frozen(x);
  const max = np.max(value, -1, { keepdims: true });
  const shifted = np.exp(np.subtract(value, max));
  const total = np.sum(shifted, -1, { keepdims: true });
  const y = np.squeeze(np.add(np.log(total), max), -1);
  return withDerivative(y, [x, (dx) => np.sum(np.multiply(dx, np.divide(shifted, total)), -1)]);
}

/** log(softmax(x)) over the last axis: (x - max) - log(sum(exp(x - max))), exact also where all logits are masked. */
export function logSoftmax(x: np.Array): np.Array {
  const value = frozen(x);
  const shifted = np.subtract(value, np.max(value, -1, { keepdims: true }));
  const exponentials = np.exp(shifted);
  const total = np.sum(exponentials, -1, { keepdims: true });
  return withDerivative(np.subtract(shifted, np.log(total)), [
    x,
    (dx) => np.subtract(dx, np.sum(np.multiply(np.divide(exponentials, total), dx), -1, { keepdims: true })),
  ]);
}
