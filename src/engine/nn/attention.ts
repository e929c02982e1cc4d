import { numpy as np } from "@jax-js/jax";
import { softmax } from "./activations.js";

/** What a masked logit is: far below any other, but finite, so that a row masked throughout is no NaN. */
export const MASKED = -1e9;

/** [length, length] to add to attention logits: 0 where a position may look (itself and the past), {@link MASKED} ahead. */
export function causalMask(length: number): Float32Array {
  const mask = new Float32Array(length * length);
  for (let row = 0; row < length; row++) mask.fill(MASKED, row * length + row + 1, (row + 1) * length);
  return mask;
}

/**
 * softmax(q kᵀ / sqrt(d) + bias) v.
 * @param q - [..., heads, queries, d], @param k, @param v - [..., heads, keys, d] (or heads that broadcast).
 * @param bias - broadcasts to [..., heads, queries, keys]: 0 or {@link MASKED}.
 */
export function attention(q: np.Array, k: np.Array, v: np.Array, bias?: np.Array): np.Array {
  const rank = k.shape.length;
  const swap = Array.from({ length: rank }, (_, i) => i);
  [swap[rank - 1], swap[rank - 2]] = [rank - 2, rank - 1];
  const scaled = np.multiply(q, 1 / Math.sqrt(q.shape[q.shape.length - 1]));
  const logits = np.matmul(scaled, np.transpose(k, swap));
  return np.matmul(softmax(bias === undefined ? logits : np.add(logits, bias)), v);
}

/** [batch, length, heads * d] as [batch, heads, length, d]. */
export function splitHeads(x: np.Array, heads: number): np.Array {
  const [batch, length, width] = x.shape;
  return np.transpose(np.reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** [batch, heads, length, d] as [batch, length, heads * d]. */
export function mergeHeads(x: np.Array): np.Array {
  const [batch, heads, length, width] = x.shape;
  return np.reshape(np.transpose(x, [0, 2, 1, 3]), [batch, length, heads * width]);
}
