import { numpy as np } from "@jax-js/jax";
import { logSigmoid, logSumExp, softplus, square } from "./activations.js";
import { frozen, withDerivative } from "./custom.js";

/** Weighted mean: sum(x w) / sum(w), and the plain mean without weights. All weights 0 gives 0. */
export function mean(x: np.Array, weights?: np.Array): np.Array {
  if (weights === undefined) return np.mean(x);
  const total = np.sum(weights);
  const safe = np.where(np.equal(total, 0), 1, total);
  return np.divide(np.sum(np.multiply(x, weights)), safe);
}

/**
 * log softmax(logits)[target] for each row.
 * @param logits - [..., classes].
 * @param targets - int32 [...], each in 0..classes-1 (not checked here).
 */
export function logLikelihood(logits: np.Array, targets: np.Array): np.Array {
  const value = frozen(logits);
  const classes = logits.shape[logits.shape.length - 1];
  // In the derivative the choice is compared, not picked by index: an index would scatter into zeros of full size.
  const hit = np.equal(np.expandDims(targets, -1), np.arange(classes).astype(np.int32));
  const shifted = np.subtract(value, np.max(value, -1, { keepdims: true }));
  const exponentials = np.exp(shifted);
  const total = np.sum(exponentials, -1, { keepdims: true });
  const chosen = np.squeeze(np.takeAlongAxis(shifted, np.expandDims(targets, -1), -1), -1);
  return withDerivative(np.subtract(chosen, np.squeeze(np.log(total), -1)), [
    logits,
    (dx) => np.sum(np.multiply(dx, np.subtract(hit.astype(np.float32), np.divide(exponentials, total))), -1),
  ]);
}

/**
 * Mean of -log softmax(logits)[target].
 * @param weights - of each row; 0 leaves a row out (padding).
 */
export function crossEntropy(logits: np.Array, targets: np.Array, weights?: np.Array): np.Array {
  return np.negative(mean(logLikelihood(logits, targets), weights));
}

/** Mean of -(y log s(x) + (1 - y) log(1 - s(x))) with the sigmoid s: softplus(x) - x y. */
export function bceWithLogits(logits: np.Array, labels: np.Array, weights?: np.Array): np.Array {
  return mean(np.subtract(softplus(logits), np.multiply(logits, labels)), weights);
}

/**
 * Softmax cross-entropy against sampled classes: mean of -log(exp(s+) / (exp(s+) + sum over j of exp(s_j))). With every
 * class sampled it is the full softmax.
 * @param positive - [batch], logit of the right class.
 * @param sampled - [batch, samples], logits of classes drawn as wrong ones.
 * @param hits - [batch, samples], 1 where the drawn class is the right one, which is left out, else 0.
 * @param weights - of each row; 0 leaves a row out (padding).
 */
export function sampledSoftmax(
  positive: np.Array,
  sampled: np.Array,
  hits: np.Array,
  weights?: np.Array,
): np.Array {
  const negative = np.add(sampled, np.multiply(hits, LEFT_OUT));
  const all = np.concatenate([np.expandDims(positive, -1), negative], -1);
  return mean(np.subtract(logSumExp(all), positive), weights);
}

/** Far below any logit, but finite. */
const LEFT_OUT = -1e9;

/** Bayesian personalised ranking (Rendle et al. 2009): mean of -log sigmoid(positive - negative). */
export function bprLoss(positive: np.Array, negative: np.Array, weights?: np.Array): np.Array {
  return np.negative(mean(logSigmoid(np.subtract(positive, negative)), weights));
}

/** Mean squared error. */
export function mseLoss(prediction: np.Array, target: np.Array, weights?: np.Array): np.Array {
  return mean(square(np.subtract(prediction, target)), weights);
}

/**
 * InfoNCE: row i of `a` should be nearest to row i of `b` among all rows of `b`.
 * @param a - [n, d], @param b - [n, d]; unit vectors for cosine similarity.
 */
export function infoNce(a: np.Array, b: np.Array, temperature: number): np.Array {
  const similarity = np.multiply(np.matmul(a, np.transpose(b)), 1 / temperature);
  const own = np.multiply(np.sum(np.multiply(a, b), -1), 1 / temperature);
  return np.mean(np.subtract(logSumExp(similarity), own));
}
