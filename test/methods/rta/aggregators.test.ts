import { grad, numpy as np } from "@jax-js/jax";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { float32, type Tensor } from "../../../src/engine/run/tensor.js";
import {
  AGGREGATORS,
  type AggregatorId,
  UNMASKED,
  type Weights,
} from "../../../src/methods/rta/aggregators.js";
import { expectParity, onRuntime, relativeError, type Arrays } from "../../engine/parity.js";

const [WIDTH, LENGTH] = [8, 4];
/** Tokens of three titles: the rest is padding. */
const LENGTHS = [4, 2, 1];
const IDS = Object.keys(AGGREGATORS) as AggregatorId[];

/** Token embeddings and mask of the titles, padded to `length` with the number `padding`. */
function titles(length: number, padding: number) {
  const random = Random.fromSeed(3);
  const words = LENGTHS.map((count) => Array.from({ length: count }, () => [...random.normals(WIDTH)]));
  const vectors = words.flatMap((title) =>
    Array.from({ length }, (_, n) => title.at(n) ?? Array<number>(WIDTH).fill(padding)).flat(),
  );
  const mask = LENGTHS.flatMap((count) => Array.from({ length }, (_, n) => (n < count ? 1 : 0)));
  return {
    words,
    vectors: float32(vectors, [LENGTHS.length, length, WIDTH]),
    mask: float32(mask, [LENGTHS.length, length]),
  };
}

function weightsOf(id: AggregatorId): Weights {
  const first = AGGREGATORS[id].initial(WIDTH, LENGTH, Random.fromSeed(7));
  // A position's weight begins at 0, where an error in it would not show.
  return Object.hasOwn(first, "position") ? { ...first, position: float32([0.3, -1, 2, 0.5]) } : first;
}

const applied = (id: AggregatorId) => (inputs: Arrays) => {
  const { vectors, mask, ...weights } = inputs;
  return { items: AGGREGATORS[id].apply(weights, vectors, mask) };
};

async function run(
  id: AggregatorId,
  { vectors, mask }: Pick<ReturnType<typeof titles>, "vectors" | "mask">,
  weights = weightsOf(id),
) {
  const { items } = await onRuntime(applied(id), { ...weights, vectors, mask });
  return items;
}

const at = ({ shape, data }: Tensor, row: number, column: number) => data[row * shape[1] + column];

describe.each(IDS)("%s", (id) => {
  it("gives jax-js's numbers and gradients", async () => {
    const { vectors, mask } = titles(LENGTH, 9);
    const weights = weightsOf(id);
    await expectParity(applied(id), { ...weights, vectors, mask });
    const gradient = (inputs: Arrays) => {
      const { mask: own, direction, ...rest } = inputs;
      const loss = (free: Arrays) =>
        np.sum(np.multiply(applied(id)({ ...free, mask: own }).items, direction));
      // A softmax does not feel what is added to all of its logits: the gradient of the keys' bias is rounding alone.
      const gradients = grad(loss)(rest) as Arrays;
      return Object.fromEntries(Object.entries(gradients).filter(([name]) => name !== "key.bias"));
    };
    const direction = float32(Random.fromSeed(1).normals(3 * WIDTH), [3, WIDTH]);
    await expectParity(gradient, { ...weights, vectors, mask, direction });
  });

  it("does not look at padding, whatever it holds and however much there is", async () => {
    // The longer title table has more positions; weighted has a number for each.
    const longer = weightsOf(id);
    if (Object.hasOwn(longer, "position"))
      longer.position = float32([...Array.from(longer.position.data), 7, 7, 7]);
    const expected = await run(id, titles(LENGTH, 0));
    expect(relativeError((await run(id, titles(LENGTH, 50))).data, expected.data)).toBeLessThan(1e-5);
    expect(relativeError((await run(id, titles(LENGTH + 3, 50), longer)).data, expected.data)).toBeLessThan(
      1e-5,
    );
  });
});

describe("without a mask", () => {
  it.each(["gru", "transformer"] as const)("%s reads padding", async (id) => {
    const unmasked = (padding: number) => {
      const { vectors, mask } = titles(LENGTH, padding);
      const program = (inputs: Arrays) => {
        const { vectors: own, mask: ofOwn, ...weights } = inputs;
        return { items: UNMASKED[id]!.apply(weights, own, ofOwn) };
      };
      return onRuntime(program, { ...weightsOf(id), vectors, mask });
    };
    const [{ items }, { items: other }] = [await unmasked(0), await unmasked(2)];
    const usual = await run(id, titles(LENGTH, 0));
    const difference = (a: Tensor, b: Tensor, row: number) =>
      Math.max(...Array.from({ length: WIDTH }, (_, d) => Math.abs(at(a, row, d) - at(b, row, d))));
    // The longest title has none; of it, too, the GRU reads the backward direction at the last token.
    if (id === "transformer") expect(difference(items, usual, 0)).toBeLessThan(1e-5);
    expect(difference(items, other, 0)).toBe(0);
    expect(difference(items, usual, 1)).toBeGreaterThan(1e-3);
    expect(difference(items, other, 1)).toBeGreaterThan(1e-3);
  });

  it("gru reads the backward direction at the last token, before it has come to the others", async () => {
    const weights = weightsOf("gru");
    // The forward direction's half of the output.
    const silent = Float32Array.from(weights["output.weight"].data).fill(
      0,
      0,
      weights["output.weight"].data.length / 2,
    );
    const backward = { ...weights, "output.weight": float32(silent, weights["output.weight"].shape) };
    const { vectors, mask } = titles(LENGTH, 0);
    const changed = Float32Array.from(vectors.data);
    // The first of the second title's two tokens.
    changed.fill(3, LENGTH * WIDTH, (LENGTH + 1) * WIDTH);
    const read = async (data: Float32Array, gru: (typeof AGGREGATORS)["gru"]) => {
      const { items } = await onRuntime(
        (inputs: Arrays) => {
          const { vectors: own, mask: ofOwn, ...rest } = inputs;
          return { items: gru.apply(rest, own, ofOwn) };
        },
        { ...backward, vectors: float32(data, vectors.shape), mask },
      );
      return Array.from({ length: WIDTH }, (_, d) => at(items, 1, d));
    };
    const first = Float32Array.from(vectors.data);
    expect(await read(changed, UNMASKED.gru!)).toEqual(await read(first, UNMASKED.gru!));
    expect(await read(changed, AGGREGATORS.gru)).not.toEqual(await read(first, AGGREGATORS.gru));
  });
});

/** Rows times [inputs, outputs], plus a bias. */
function affine(x: readonly number[], weight: Tensor, bias: Tensor): number[] {
  const outputs = weight.shape[1];
  return Array.from({ length: outputs }, (_, o) =>
    x.reduce((sum, value, i) => sum + value * weight.data[i * outputs + o], bias.data[o]),
  );
}

const close = (row: readonly number[]) => row.map((value) => expect.closeTo(value, 4) as number);

describe("against plain arithmetic", () => {
  const { words, ...padded } = titles(LENGTH, 9);

  it("sum", async () => {
    const items = await run("sum", padded);
    const expected = words[1][0].map((value, d) => value + words[1][1][d]);
    expect(expected.map((_, d) => at(items, 1, d))).toEqual(close(expected));
  });

  it("weighted: a softmax over the positions that are tokens", async () => {
    const w = weightsOf("weighted");
    const items = await run("weighted", padded, w);
    const [a, b] = [Math.exp(0.3), Math.exp(-1)];
    const mean = words[1][0].map((value, d) => (a * value + b * words[1][1][d]) / (a + b));
    const expected = affine(mean, w["output.weight"], w["output.bias"]);
    expect(expected.map((_, d) => at(items, 1, d))).toEqual(close(expected));
  });

  it("gru: both directions see the whole title", async () => {
    const w = weightsOf("gru");
    const items = await run("gru", padded, w);
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    const last = (direction: string, tokens: readonly number[][]) => {
      const states = w[`${direction}.hiddenWeight`].shape[0];
      let hidden = Array<number>(states).fill(0);
      for (const token of tokens) {
        const x = affine(token, w[`${direction}.inputWeight`], w[`${direction}.inputBias`]);
        const h = affine(hidden, w[`${direction}.hiddenWeight`], w[`${direction}.hiddenBias`]);
        hidden = hidden.map((old, s) => {
          const reset = sigmoid(x[s] + h[s]);
          const update = sigmoid(x[states + s] + h[states + s]);
          const fresh = Math.tanh(x[2 * states + s] + reset * h[2 * states + s]);
          return (1 - update) * fresh + update * old;
        });
      }
      return hidden;
    };
    words.forEach((title, row) => {
      const both = [...last("forward", title), ...last("backward", title.slice().reverse())];
      const expected = affine(both, w["output.weight"], w["output.bias"]);
      expect(expected.map((_, d) => at(items, row, d))).toEqual(close(expected));
    });
  });

  it("transformer: the last token attends to the title's tokens", async () => {
    const w = weightsOf("transformer");
    const items = await run("transformer", padded, w);
    const norm = (x: readonly number[]) => {
      const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
      const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
      return x.map((value) => (value - mean) / Math.sqrt(variance + 1e-5));
    };
    words.forEach((title, row) => {
      const project = (name: string, token: readonly number[]) =>
        affine(token, w[`${name}.weight`], w[`${name}.bias`]);
      const token = title[title.length - 1];
      const q = project("query", token);
      const keys = title.map((one) => project("key", one));
      const values = title.map((one) => project("value", one));
      // Eight heads of one number each, so that the scale is 1.
      const seen = q.map((value, head) => {
        const weights = keys.map((key) => Math.exp(value * key[head]));
        const total = weights.reduce((sum, one) => sum + one, 0);
        return weights.reduce((sum, one, n) => sum + (one / total) * values[n][head], 0);
      });
      const first = norm(project("attended", seen).map((value, d) => value + token[d]));
      const inner = project("inner", first).map((value) => Math.max(0, value));
      const expected = norm(project("outer", inner).map((value, d) => value + first[d]));
      expect(expected.map((_, d) => at(items, row, d))).toEqual(close(expected));
    });
  });
});
