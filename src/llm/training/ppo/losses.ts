import { numpy as np } from "@jax-js/jax";
import { square } from "../../../engine/nn/activations.js";
import { mean } from "../../../engine/nn/losses.js";

/** A loss with the share of tokens at which the clipping decided it. */
export interface ClippedLoss {
  readonly loss: np.Array;
  readonly clipFraction: np.Array;
}

/**
 * PPO's policy loss (Schulman et al. 2017, equation 7): mean of max(-A rho, -A clip(rho, 1 - eps, 1 + eps)) with
 * rho = exp(log pi - log pi_old).
 * @param weights - of each token: 1, or 0 for padding.
 */
export function clippedPolicyLoss(
  logProbs: np.Array,
  oldLogProbs: np.Array,
  advantages: np.Array,
  weights: np.Array,
  epsilon: number,
): ClippedLoss {
  const ratio = np.exp(np.subtract(logProbs, oldLogProbs));
  const free = np.negative(np.multiply(advantages, ratio));
  const clipped = np.negative(np.multiply(advantages, clip(ratio, 1 - epsilon, 1 + epsilon)));
  return larger(free, clipped, weights);
}

/**
 * PPO's value loss: half the mean of max((V - R)², (clip(V, V_old ± eps) - R)²).
 * @param returns - R.
 */
export function clippedValueLoss(
  values: np.Array,
  oldValues: np.Array,
  returns: np.Array,
  weights: np.Array,
  epsilon: number,
): ClippedLoss {
  const near = np.add(oldValues, clip(np.subtract(values, oldValues), -epsilon, epsilon));
  const { loss, clipFraction } = larger(
    square(np.subtract(values, returns)),
    square(np.subtract(near, returns)),
    weights,
  );
  return { loss: np.multiply(loss, 0.5), clipFraction };
}

/** Entropy of softmax(logits) over the last axis, in nats. */
export function entropy(logits: np.Array): np.Array {
  const shifted = np.subtract(logits, np.max(logits, -1, { keepdims: true }));
  const exponentials = np.exp(shifted);
  const total = np.sum(exponentials, -1);
  return np.subtract(np.log(total), np.divide(np.sum(np.multiply(exponentials, shifted), -1), total));
}

/** The larger of two losses token by token. A choice instead of a maximum: equal losses must not both get the derivative. */
function larger(free: np.Array, clipped: np.Array, weights: np.Array): ClippedLoss {
  const isClipped = np.greater(clipped, free);
  return {
    loss: mean(np.where(isClipped, clipped, free), weights),
    clipFraction: mean(isClipped.astype(np.float32), weights),
  };
}

/** Clipped numbers have no derivative; one that lies on a bound has. */
function clip(x: np.Array, low: number, high: number): np.Array {
  return np.where(np.greater(x, high), high, np.where(np.less(x, low), low, x));
}
