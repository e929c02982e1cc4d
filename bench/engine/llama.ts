import { numpy as np } from "@jax-js/jax";
import { Random } from "../../src/core/random.js";
import { silu } from "../../src/engine/nn/activations.js";
import { attention, causalMask, mergeHeads, splitHeads } from "../../src/engine/nn/attention.js";
import { crossEntropy } from "../../src/engine/nn/losses.js";
import { rmsNorm } from "../../src/engine/nn/norms.js";
import { float32, int32, type Tensor } from "../../src/engine/run/tensor.js";

/** The language model that the engine is measured on: 5.3M parameters, a batch of 8 x 128 tokens. */
export const SIZE = { width: 256, layers: 6, heads: 8, hidden: 688, vocabulary: 2048, length: 128, batch: 8 };
export type Size = typeof SIZE;

interface Layer<T> {
  query: T;
  key: T;
  value: T;
  output: T;
  gate: T;
  up: T;
  down: T;
  norm1: T;
  norm2: T;
}

export interface LlamaParameters<T> {
  embedding: T;
  layers: Layer<T>[];
  norm: T;
}

export interface LlamaBatch<T> {
  tokens: T;
  targets: T;
  cos: T;
  sin: T;
  mask: T;
}

export function llamaParameters(random: Random, size: Size = SIZE): LlamaParameters<Tensor> {
  const { width, hidden, vocabulary } = size;
  const matrix = (rows: number, columns: number) =>
    float32(random.normals(rows * columns, 0.02), [rows, columns]);
  const ones = () => float32(new Float32Array(width).fill(1));
  return {
    embedding: matrix(vocabulary, width),
    layers: Array.from({ length: size.layers }, () => ({
      query: matrix(width, width),
      key: matrix(width, width),
      value: matrix(width, width),
      output: matrix(width, width),
      gate: matrix(width, hidden),
      up: matrix(width, hidden),
      down: matrix(hidden, width),
      norm1: ones(),
      norm2: ones(),
    })),
    norm: ones(),
  };
}

export function llamaBatch(random: Random, size: Size = SIZE): LlamaBatch<Tensor> {
  const { batch, length, vocabulary, width, heads } = size;
  const half = width / heads / 2;
  const angle = (i: number) => Math.floor(i / half) / 10000 ** ((i % half) / half);
  const angles = Float64Array.from({ length: length * half }, (_, i) => angle(i));
  const tokens = () =>
    int32(
      Int32Array.from({ length: batch * length }, () => random.int(vocabulary)),
      [batch, length],
    );
  return {
    tokens: tokens(),
    targets: tokens(),
    cos: float32(Float32Array.from(angles, Math.cos), [length, half]),
    sin: float32(Float32Array.from(angles, Math.sin), [length, half]),
    mask: float32(causalMask(length), [length, length]),
  };
}

function rotate(x: np.Array, cos: np.Array, sin: np.Array): np.Array {
  const [a, b] = np.split(x, 2, -1);
  return np.concatenate(
    [np.subtract(np.multiply(a, cos), np.multiply(b, sin)), np.add(np.multiply(b, cos), np.multiply(a, sin))],
    -1,
  );
}

/** Mean cross-entropy of the next tokens; the head is tied to the embedding. */
export function llamaLoss(
  { embedding, layers, norm }: LlamaParameters<np.Array>,
  { tokens, targets, cos, sin, mask }: LlamaBatch<np.Array>,
  heads = SIZE.heads,
): np.Array {
  let h = np.take(embedding, tokens, 0);
  for (const layer of layers) {
    const a = rmsNorm(h, layer.norm1);
    const q = rotate(splitHeads(np.matmul(a, layer.query), heads), cos, sin);
    const k = rotate(splitHeads(np.matmul(a, layer.key), heads), cos, sin);
    const v = splitHeads(np.matmul(a, layer.value), heads);
    h = np.add(h, np.matmul(mergeHeads(attention(q, k, v, mask)), layer.output));
    const b = rmsNorm(h, layer.norm2);
    const gated = np.multiply(silu(np.matmul(b, layer.gate)), np.matmul(b, layer.up));
    h = np.add(h, np.matmul(gated, layer.down));
  }
  const logits = np.matmul(rmsNorm(h, norm), np.transpose(embedding));
  return crossEntropy(logits, targets);
}
