import { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import { relu, softmax } from "../../engine/nn/activations.js";
import { attention, MASKED, mergeHeads, splitHeads } from "../../engine/nn/attention.js";
import { gruStep, type GruParameters } from "../../engine/nn/gru.js";
import { layerNorm } from "../../engine/nn/norms.js";
import { float32, type Float32Tensor } from "../../engine/run/tensor.js";

export type Weights = Record<string, Float32Tensor>;
export type Arrays = Readonly<Record<string, np.Array>>;

/** Makes one embedding of an item from its title's token embeddings (Reindex-Then-Adapt, reindex step). */
export interface Aggregator {
  /** First values for token embeddings of this width and titles of at most `length` tokens. */
  initial(width: number, length: number, random: Random): Weights;
  /**
   * @param vectors - token embeddings [items, length, width]; padding holds any finite numbers.
   * @param mask - [items, length], 1 for tokens, then 0 for padding: no result depends on what or how much padding there is.
   * @returns [items, width].
   */
  apply(weights: Arrays, vectors: np.Array, mask: np.Array): np.Array;
}

/** Heads of the transformer where the width can be divided so. */
const HEADS = 8;
/** Width of the transformer's inner layer, or four times the embeddings' where that is less. */
const INNER = 2048;
/** States of the GRU in each direction: a quarter of the width, but not fewer. */
const FEWEST_STATES = 64;

/** The sum of the token embeddings. Nothing to train. */
const sum: Aggregator = {
  initial: () => ({}),
  apply: (_weights, vectors, mask) => np.sum(masked(vectors, mask), 1),
};

/** A weighted mean, the weights a softmax over one number a position, then an affine map. */
const weighted: Aggregator = {
  initial: (width, length, random) => ({
    position: float32(new Float32Array(length)),
    ...affine("output", width, width, random),
  }),
  apply(weights, vectors, mask) {
    const logits = np.add(weights.position, np.multiply(np.subtract(1, mask), MASKED));
    const mean = np.sum(masked(vectors, np.multiply(softmax(logits), mask)), 1);
    return linear("output", weights, mean);
  },
};

/**
 * A gated recurrent unit in both directions, each read after it has seen the whole title, then an affine map.
 * @param passesPadding - false as in the published code: the backward direction, too, is read at the last token, where it has seen the padding and
 * that one token.
 */
const gruOf = (passesPadding: boolean): Aggregator => ({
  initial(width, _length, random) {
    const states = Math.max(FEWEST_STATES, Math.floor(width / 4));
    return {
      ...recurrent("forward", width, states, random),
      ...recurrent("backward", width, states, random),
      ...affine("output", 2 * states, width, random),
    };
  },
  apply(weights, vectors, mask) {
    const forward = lastState(gruWeights("forward", weights), vectors, mask, false);
    const seen = passesPadding ? mask : np.add(np.subtract(1, mask), lastToken(mask));
    const backward = lastState(gruWeights("backward", weights), vectors, seen, true);
    return linear("output", weights, np.concatenate([forward, backward], -1));
  },
});

/**
 * One encoder layer as PyTorch's (normalised after each part, ReLU), read at the last token. Without dropout.
 * @param passesPadding - false as in the published code: the last token attends to the padding, too.
 */
const transformerOf = (passesPadding: boolean): Aggregator => ({
  initial(width, _length, random) {
    const inner = Math.min(INNER, 4 * width);
    return {
      ...affine("query", width, width, random),
      ...affine("key", width, width, random),
      ...affine("value", width, width, random),
      ...affine("attended", width, width, random),
      ...affine("inner", width, inner, random),
      ...affine("outer", inner, width, random),
      ...norm("norm1", width),
      ...norm("norm2", width),
    };
  },
  apply(weights, vectors, mask) {
    const heads = headsOf(vectors.shape[2]);
    const part = (name: string) => splitHeads(linear(name, weights, vectors), heads);
    const bias = passesPadding ? np.expandDims(np.multiply(np.subtract(1, mask), MASKED), [1, 2]) : undefined;
    const seen = mergeHeads(attention(part("query"), part("key"), part("value"), bias));
    const first = normed("norm1", weights, np.add(vectors, linear("attended", weights, seen)));
    const inner = relu(linear("inner", weights, first));
    const states = normed("norm2", weights, np.add(first, linear("outer", weights, inner)));
    return np.sum(masked(states, lastToken(mask)), 1);
  },
});

export const AGGREGATORS = {
  sum,
  weighted,
  gru: gruOf(true),
  transformer: transformerOf(true),
} as const satisfies Record<string, Aggregator>;
export type AggregatorId = keyof typeof AGGREGATORS;

/** Those that read padding in the published code, as they do there. */
export const UNMASKED: Readonly<Partial<Record<AggregatorId, Aggregator>>> = {
  gru: gruOf(false),
  transformer: transformerOf(false),
};

/** [items, length, width] times [items, length]. Padding that is not finite would stay so: it never is. */
function masked(vectors: np.Array, mask: np.Array): np.Array {
  return np.multiply(vectors, np.expandDims(mask, -1));
}

/** 1 at each title's last token. */
function lastToken(mask: np.Array): np.Array {
  const [items, length] = mask.shape;
  if (length === 1) return mask;
  const next = np.concatenate([np.split(mask, [1], 1)[1], np.zeros([items, 1])], 1);
  return np.multiply(mask, np.subtract(1, next));
}

/** The state after all tokens: padding leaves it as it is. */
function lastState(
  parameters: GruParameters,
  vectors: np.Array,
  mask: np.Array,
  backward: boolean,
): np.Array {
  const [items, length] = mask.shape;
  const [states] = parameters.hiddenWeight.shape;
  const projected = np.add(np.matmul(vectors, parameters.inputWeight), parameters.inputBias);
  const inputs = np.split(projected, length, 1);
  const real = np.split(mask, length, 1);
  const order = Array.from({ length }, (_, n) => (backward ? length - 1 - n : n));
  let hidden = np.zeros([items, states]);
  for (const n of order) {
    const next = gruStep(np.reshape(inputs[n], [items, 3 * states]), hidden, parameters);
    hidden = np.add(hidden, np.multiply(real[n], np.subtract(next, hidden)));
  }
  return hidden;
}

function gruWeights(name: string, weights: Arrays): GruParameters {
  return {
    inputWeight: weights[`${name}.inputWeight`],
    hiddenWeight: weights[`${name}.hiddenWeight`],
    inputBias: weights[`${name}.inputBias`],
    hiddenBias: weights[`${name}.hiddenBias`],
  };
}

/** PyTorch's first values of a GRU: uniform within 1 / sqrt(states). */
function recurrent(name: string, width: number, states: number, random: Random): Weights {
  const bound = 1 / Math.sqrt(states);
  return {
    [`${name}.inputWeight`]: uniform([width, 3 * states], bound, random),
    [`${name}.hiddenWeight`]: uniform([states, 3 * states], bound, random),
    [`${name}.inputBias`]: uniform([3 * states], bound, random),
    [`${name}.hiddenBias`]: uniform([3 * states], bound, random),
  };
}

/** PyTorch's first values of a linear layer: uniform within 1 / sqrt(inputs). */
function affine(name: string, inputs: number, outputs: number, random: Random): Weights {
  const bound = 1 / Math.sqrt(inputs);
  return {
    [`${name}.weight`]: uniform([inputs, outputs], bound, random),
    [`${name}.bias`]: uniform([outputs], bound, random),
  };
}

function linear(name: string, weights: Arrays, x: np.Array): np.Array {
  return np.add(np.matmul(x, weights[`${name}.weight`]), weights[`${name}.bias`]);
}

function norm(name: string, width: number): Weights {
  return {
    [`${name}.weight`]: float32(new Float32Array(width).fill(1)),
    [`${name}.bias`]: float32(new Float32Array(width)),
  };
}

function normed(name: string, weights: Arrays, x: np.Array): np.Array {
  return layerNorm(x, weights[`${name}.weight`], weights[`${name}.bias`]);
}

function uniform(shape: readonly number[], bound: number, random: Random): Float32Tensor {
  const size = shape.reduce((product, axis) => product * axis, 1);
  return float32(
    Float32Array.from({ length: size }, () => bound * (2 * random.uniform() - 1)),
    shape,
  );
}

/** The most heads, up to {@link HEADS}, that divide the width. */
function headsOf(width: number): number {
  let heads = HEADS;
  while (width % heads !== 0) heads--;
  return heads;
}
