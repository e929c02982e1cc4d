import type { Random } from "../../core/random.js";

export interface SamplingOptions {
  /** 0 is greedy. */
  readonly temperature: number;
  /** In (0, 1]. */
  readonly topP: number;
}

export interface Draw {
  readonly token: number;
  /** Natural logarithm of the token's probability under the distribution that it was drawn from. */
  readonly logProb: number;
}

/**
 * Draws a token from one row of logits.
 *
 * Greedy (temperature 0): the largest logit, ties to the smallest id; its log-probability is that of softmax(logits) over the allowed
 * tokens. Otherwise from softmax(logits / temperature) over the allowed tokens, cut to the smallest set of most probable tokens whose
 * sum reaches topP (ties by id) and scaled to sum 1.
 * @param allowed - token ids that may be drawn; undefined for all.
 */
export function drawToken(
  logits: Float32Array,
  { temperature, topP }: SamplingOptions,
  random: Random,
  allowed?: readonly number[],
): Draw {
  const count = allowed?.length ?? logits.length;
  const idOf = (i: number) => (allowed === undefined ? i : allowed[i]);
  let best = -1;
  let highest = -Infinity;
  for (let i = 0; i < count; i++) {
    const id = idOf(i);
    const logit = logits[id];
    if (logit > highest || (logit === highest && id < best)) [highest, best] = [logit, id];
  }
  if (best < 0) throw new RangeError("drawToken: no finite logit among the allowed tokens");
  const scale = temperature === 0 ? 1 : temperature;
  const weights = new Float64Array(count);
  let total = 0;
  for (let i = 0; i < count; i++) total += weights[i] = Math.exp((logits[idOf(i)] - highest) / scale);
  if (temperature === 0) return { token: best, logProb: -Math.log(total) };
  const nucleus = topP < 1 ? cutNucleus(weights, total, topP) : undefined;
  return drawWeighted(weights, nucleus, total, idOf, random);
}

/** Indices of the nucleus, most probable first. */
function cutNucleus(weights: Float64Array, total: number, topP: number): Int32Array {
  // All tokens below this together hold less than 1 - topP: none of them can be needed. It spares sorting the whole vocabulary.
  const floor = ((1 - topP) * total) / weights.length;
  const candidates: number[] = [];
  for (let i = 0; i < weights.length; i++) if (weights[i] >= floor) candidates.push(i);
  candidates.sort((a, b) => weights[b] - weights[a] || a - b);
  let sum = 0;
  let size = 0;
  while (size < candidates.length && sum < topP * total) sum += weights[candidates[size++]];
  return Int32Array.from(candidates.slice(0, size));
}

function drawWeighted(
  weights: Float64Array,
  nucleus: Int32Array | undefined,
  total: number,
  idOf: (i: number) => number,
  random: Random,
): Draw {
  const size = nucleus?.length ?? weights.length;
  const at = (k: number) => (nucleus === undefined ? k : nucleus[k]);
  let sum = total;
  if (nucleus !== undefined) {
    sum = 0;
    for (let k = 0; k < size; k++) sum += weights[at(k)];
  }
  let rest = random.uniform() * sum;
  let chosen = -1;
  for (let k = 0; k < size; k++) {
    const weight = weights[at(k)];
    if (weight === 0) continue;
    chosen = at(k);
    rest -= weight;
    if (rest < 0) break;
  }
  return { token: idOf(chosen), logProb: Math.log(weights[chosen] / sum) };
}

/** Log-softmax of one row at one token: logit - log(sum of exp). */
export function logProbability(logits: Float32Array, token: number): number {
  let highest = -Infinity;
  for (const logit of logits) if (logit > highest) highest = logit;
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - highest);
  return logits[token] - highest - Math.log(total);
}
