import { numpy as np, valueAndGrad } from "@jax-js/jax";
import { describe, expect, test } from "vitest";
import {
  llamaBatch,
  type LlamaBatch,
  llamaLoss,
  type LlamaParameters,
  llamaParameters,
} from "../../bench/engine/llama.js";
import { Random } from "../../src/core/random.js";
import { relu, sigmoid, square } from "../../src/engine/nn/activations.js";
import { bceWithLogits, crossEntropy, infoNce } from "../../src/engine/nn/losses.js";
import { gru } from "../../src/engine/nn/gru.js";
import { layerNorm, unitNorm } from "../../src/engine/nn/norms.js";
import { float32, int32, replaceTensors, type Tensor } from "../../src/engine/run/tensor.js";
import { prefixed, tensorRecord, unprefixed } from "../../src/engine/train/names.js";
import { type Arrays, expectParity, onRuntime } from "./parity.js";

/** Models as recommenders have them, small: every parameter's gradient, with repeated indices, on two threads. */

const random = Random.fromSeed("models");
const normal = (...shape: number[]) =>
  float32(
    random.normals(
      shape.reduce((a, b) => a * b, 1),
      0.5,
    ),
    shape,
  );
const ids = (n: number, ...shape: number[]) =>
  int32(
    Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.int(n)),
    shape,
  );

interface Model {
  parameters: Record<string, Tensor>;
  batch: Record<string, Tensor>;
  loss: (p: Arrays, b: Arrays) => np.Array;
}

const mlp = (x: np.Array, p: Arrays) => {
  const hidden = relu(np.add(np.matmul(x, p.w1), p.b1));
  return np.squeeze(np.matmul(hidden, p.w2), -1);
};

const models: Record<string, () => Model> = {
  "Llama: attention with rotations, RMS norms, gated layers, a tied head": () => {
    const size = { width: 16, layers: 2, heads: 2, hidden: 24, vocabulary: 11, length: 6, batch: 3 };
    const tree = llamaParameters(random, size);
    return {
      parameters: tensorRecord(tree),
      batch: tensorRecord(llamaBatch(random, size)),
      loss: (p, b) =>
        llamaLoss(
          replaceTensors(tree, (name) => p[name]) as LlamaParameters<np.Array>,
          b as unknown as LlamaBatch<np.Array>,
          size.heads,
        ),
    };
  },
  "DeepFM: first order, pairs by the square of the sum, a network on the same embeddings": () => ({
    parameters: { e: normal(20, 4), w: normal(20, 1), w1: normal(12, 8), b1: normal(8), w2: normal(8, 1) },
    batch: { x: ids(20, 16, 3), y: int32(Int32Array.from({ length: 16 }, (_, i) => i % 2)) },
    loss: (p, { x, y }) => {
      const e = np.take(p.e, x, 0);
      const sum = np.sum(e, 1);
      const pairs = np.multiply(np.sum(np.subtract(square(sum), np.sum(square(e), 1)), -1), 0.5);
      const first = np.sum(np.take(p.w, x, 0), [1, 2]);
      const logits = np.add(np.add(first, pairs), mlp(np.reshape(e, [16, 12]), p));
      return bceWithLogits(logits, y.astype(np.float32));
    },
  }),
  "DCNv2: crosses x0 (W x + b) + x": () => ({
    parameters: {
      e: normal(20, 4),
      c1: normal(12, 12),
      c2: normal(12, 12),
      b1: normal(12),
      b2: normal(12),
      o: normal(12),
    },
    batch: { x: ids(20, 16, 3), y: float32(Float32Array.from({ length: 16 }, (_, i) => i % 2)) },
    loss: (p, { x, y }) => {
      const x0 = np.reshape(np.take(p.e, x, 0), [16, 12]);
      const cross = (h: np.Array, c: np.Array, b: np.Array) =>
        np.add(np.multiply(x0, np.add(np.matmul(h, c), b)), h);
      const h = cross(cross(x0, p.c1, p.b1), p.c2, p.b2);
      return bceWithLogits(np.matmul(h, p.o), y);
    },
  }),
  "xDeepFM: a compressed interaction layer": () => ({
    parameters: { e: normal(20, 4), c: normal(5, 9), o: normal(5) },
    batch: { x: ids(20, 16, 3), y: float32(Float32Array.from({ length: 16 }, (_, i) => i % 2)) },
    loss: (p, { x, y }) => {
      const e = np.take(p.e, x, 0);
      const outer = np.multiply(np.reshape(e, [16, 3, 1, 4]), np.reshape(e, [16, 1, 3, 4]));
      const maps = np.matmul(np.expandDims(p.c, 0), np.reshape(outer, [16, 9, 4]));
      return bceWithLogits(np.matmul(np.sum(relu(maps), -1), p.o), y);
    },
  }),
  "AutoInt, DIN: attention over fields and over a history with padding": () => ({
    parameters: {
      e: normal(20, 4),
      q: normal(4, 4),
      k: normal(4, 4),
      v: normal(4, 4),
      w1: normal(16, 8),
      b1: normal(8),
      w2: normal(8, 1),
      o: normal(4),
    },
    batch: {
      target: ids(20, 8),
      history: ids(20, 8, 5),
      present: float32(
        Float32Array.from({ length: 40 }, (_, i) => Number(i % 5 <= i >> 3)),
        [8, 5],
      ),
      y: float32([0, 1, 1, 0, 1, 0, 0, 1]),
    },
    loss: (p, { target, history, present, y }) => {
      const t = np.broadcastTo(np.expandDims(np.take(p.e, target, 0), 1), [8, 5, 4]);
      const h = np.take(p.e, history, 0);
      const both = np.concatenate([t, h, np.subtract(t, h), np.multiply(t, h)], -1);
      const weight = np.multiply(sigmoid(mlp(both, p)), present);
      const interest = np.sum(np.multiply(np.expandDims(weight, -1), h), 1);
      const scores = np.matmul(np.matmul(h, p.q), np.transpose(np.matmul(h, p.k), [0, 2, 1]));
      const mixed = np.sum(np.matmul(np.tanh(scores), np.matmul(h, p.v)), 1);
      return bceWithLogits(np.matmul(np.add(interest, mixed), p.o), y);
    },
  }),
  "GRU4Rec: an unrolled recurrence over item embeddings, scored against all items": () => ({
    parameters: {
      e: normal(12, 4),
      i: normal(4, 15),
      h: normal(5, 15),
      b: normal(15),
      c: normal(15),
      o: normal(5, 4),
    },
    batch: { x: ids(12, 6, 4), y: ids(12, 6) },
    loss: (p, { x, y }) => {
      const states = gru(np.take(p.e, x, 0), {
        inputWeight: p.i,
        hiddenWeight: p.h,
        inputBias: p.b,
        hiddenBias: p.c,
      });
      const last = np.reshape(states.slice([], [3, 4], []), [6, 5]);
      return crossEntropy(np.matmul(np.matmul(last, p.o), np.transpose(p.e)), y);
    },
  }),
  "Caser: convolutions over the last items, as products of windows": () => ({
    parameters: { e: normal(12, 4), h: normal(8, 6), v: normal(5, 2), o: normal(14, 12) },
    batch: { x: ids(12, 6, 5), y: ids(12, 6) },
    loss: (p, { x, y }) => {
      const e = np.take(p.e, x, 0);
      const windows = [0, 1, 2, 3].map((t) => np.reshape(e.slice([], [t, t + 2], []), [6, 1, 8]));
      const across = np.max(relu(np.matmul(np.concatenate(windows, 1), p.h)), 1);
      const down = np.reshape(np.matmul(np.transpose(e, [0, 2, 1]), p.v), [6, 8]);
      return crossEntropy(np.matmul(np.concatenate([across, down], -1), p.o), y);
    },
  }),
  "a contrastive loss on normed projections": () => ({
    parameters: { a: normal(10, 6), w: normal(6, 4), g: normal(4), b: normal(4) },
    batch: { i: ids(10, 8), j: ids(10, 8) },
    loss: (p, { i, j }) => {
      const project = (x: np.Array) => unitNorm(layerNorm(np.matmul(np.take(p.a, x, 0), p.w), p.g, p.b));
      return infoNce(project(i), project(j), 0.3);
    },
  }),
  "PPO: clipped ratios of log-probabilities": () => ({
    parameters: { w: normal(6, 5), v: normal(6, 1) },
    batch: { x: normal(8, 6), action: ids(5, 8), old: normal(8), advantage: normal(8), reward: normal(8) },
    loss: (p, { x, action, old, advantage, reward }) => {
      const logits = np.matmul(x, p.w);
      const chosen = np.negative(crossEntropy(logits, action));
      const ratio = np.exp(np.multiply(np.subtract(chosen, old), 0.3));
      const clipped = np.clip(ratio, 0.8, 1.2);
      const gain = np.minimum(np.multiply(ratio, advantage), np.multiply(clipped, advantage));
      const value = square(np.subtract(np.squeeze(np.matmul(x, p.v), -1), reward));
      return np.add(np.negative(np.mean(gain)), np.mean(value));
    },
  }),
};

const inputsOf = ({ parameters, batch }: Model) => ({
  ...prefixed("p:", parameters),
  ...prefixed("b:", batch),
});
const gradientsOf =
  ({ loss }: Model) =>
  (inputs: Arrays): Arrays => {
    const batch = unprefixed("b:", inputs);
    const [value, gradients] = valueAndGrad((p: Record<string, np.Array>) => loss(p, batch))(
      unprefixed("p:", inputs),
    ) as unknown as [np.Array, Arrays];
    return { value, ...gradients };
  };

describe("loss and every parameter's gradient are those of jax-js", () => {
  test.each(Object.entries(models))("%s", async (_name, make) => {
    const model = make();
    await expectParity(gradientsOf(model), inputsOf(model));
  });
});

describe("every parameter's gradient is the slope that finite differences see", () => {
  test.each(Object.entries(models))("%s", async (_name, make) => {
    const model = make();
    const inputs = inputsOf(model);
    const gradients = await onRuntime(gradientsOf(model), inputs);
    // Along a random direction, all parameters at once: the slope is the gradient's product with the direction.
    const size = 1e-3;
    const directions = Object.entries(model.parameters).map(
      ([name, { data }]) => [name, random.normals(data.length)] as const,
    );
    const shifted = (step: number) => ({
      ...inputs,
      ...Object.fromEntries(
        directions.map(([name, direction]) => {
          const { shape, data } = model.parameters[name];
          return [
            `p:${name}`,
            float32(
              Float32Array.from(data, (x, i) => x + step * direction[i]),
              shape,
            ),
          ];
        }),
      ),
    });
    const value = async (step: number) => (await onRuntime(gradientsOf(model), shifted(step))).value.data[0];
    const slope = ((await value(size)) - (await value(-size))) / (2 * size);
    let expected = 0;
    let length = 0;
    for (const [name, direction] of directions) {
      direction.forEach((d, i) => {
        expected += d * gradients[name].data[i];
        length += (d * gradients[name].data[i]) ** 2;
      });
    }
    expect(Math.abs(slope - expected)).toBeLessThan(0.02 * Math.sqrt(length) + 1e-3);
  });
});
