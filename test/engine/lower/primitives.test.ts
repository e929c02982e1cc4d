import { grad, lax, numpy as np } from "@jax-js/jax";
import { describe, expect, test } from "vitest";
import { Random } from "../../../src/core/random.js";
import { lower } from "../../../src/engine/lower/lower.js";
import { loadRuntime, openSession } from "../../../src/engine/run/providers.js";
import { float32, int32 } from "../../../src/engine/run/tensor.js";
import { trace } from "../../../src/engine/trace/trace.js";
import { type ArrayFunction, type Arrays, expectParity, onRuntime, relativeError } from "../parity.js";

const random = Random.fromSeed("primitives");
const normal = (...shape: number[]) => float32(random.normals(shape.reduce((a, b) => a * b, 1)), shape);
const positive = (...shape: number[]) => {
  const { data } = normal(...shape);
  return float32(
    data.map((x) => Math.abs(x) + 0.5),
    shape,
  );
};
const integers = (n: number, ...shape: number[]) =>
  int32(
    Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.int(n)),
    shape,
  );

const one =
  (fn: (x: Arrays) => np.Array): ArrayFunction =>
  (x) => ({ y: fn(x) });
const bool = (x: np.Array) => x.astype(np.float32);
/** The gradient of sum(fn(x) * weights), so that no symmetry hides a wrong element. */
const gradient =
  (fn: (x: np.Array) => np.Array): ArrayFunction =>
  ({ x, w }) => ({
    y: grad((inner: np.Array) => np.sum(np.multiply(fn(inner), w)))(x),
  });

describe("elements", () => {
  test.each<[string, (x: np.Array, y: np.Array) => np.Array]>([
    ["add", (x, y) => np.add(x, y)],
    ["subtract", (x, y) => np.subtract(x, y)],
    ["multiply", (x, y) => np.multiply(x, y)],
    ["divide", (x, y) => np.divide(x, y)],
    ["minimum", (x, y) => np.minimum(x, y)],
    ["maximum", (x, y) => np.maximum(x, y)],
    ["less", (x, y) => bool(np.less(np.floor(x), np.floor(y)))],
    ["less equal", (x, y) => bool(np.lessEqual(np.floor(x), np.floor(y)))],
    ["greater", (x, y) => bool(np.greater(np.floor(x), np.floor(y)))],
    ["equal", (x, y) => bool(np.equal(np.floor(x), np.floor(y)))],
    ["not equal", (x, y) => bool(np.notEqual(np.floor(x), np.floor(y)))],
    ["where", (x, y) => np.where(np.less(x, y), x, np.multiply(y, 3))],
    ["logical", (x, y) => bool(np.logicalAnd(np.less(x, 0), np.logicalNot(np.less(y, 0))))],
    ["modulo", (x, y) => x.mod(y)],
    ["trunc", (x, y) => np.trunc(np.multiply(x, np.multiply(y, 3)))],
  ])("%s of two arrays, broadcast both ways", async (_name, fn) => {
    await expectParity(
      one(({ x, y }) => fn(x, y)),
      { x: normal(3, 1, 4), y: positive(5, 1) },
    );
  });

  test.each<[string, (x: np.Array) => np.Array]>([
    ["negative", np.negative],
    ["reciprocal", np.reciprocal],
    ["exp", np.exp],
    ["log", np.log],
    ["sqrt", np.sqrt],
    ["sin", np.sin],
    ["cos", np.cos],
    ["arctan", np.arctan],
    ["arcsin", (x) => np.arcsin(np.multiply(x, 0.2))],
    ["floor", np.floor],
    ["ceil", np.ceil],
    ["erf", lax.erf],
    ["erfc", lax.erfc],
    ["tanh", np.tanh],
    ["square", np.square],
    ["abs", np.abs],
    ["sign", np.sign],
  ])("%s, and its gradient", async (_name, fn) => {
    const x = positive(2, 3);
    await expectParity(
      one((inputs) => fn(inputs.x)),
      { x },
    );
    await expectParity(gradient(fn), { x, w: normal(2, 3) });
  });

  test("integers keep their type beside bare numbers, and remainders take the sign of the dividend", async () => {
    const x = int32([-7, -1, 0, 5, 9]);
    await expectParity(
      one((inputs) => np.add(np.multiply(inputs.x, 3), 1)),
      { x },
    );
    await expectParity(
      one((inputs) => inputs.x.mod(4)),
      { x },
    );
    await expectParity(
      one((inputs) => inputs.x.astype(np.float32)),
      { x },
    );
    await expectParity(
      one((inputs) => inputs.x.astype(np.int32)),
      { x: float32([-1.7, 1.7, 0.2]) },
    );
  });
});

describe("sums and extrema", () => {
  test.each<[string, (x: np.Array) => np.Array]>([
    ["sum of all", (x) => np.sum(x)],
    ["sum of one axis", (x) => np.sum(x, 1)],
    ["sum of outer axes", (x) => np.sum(x, [0, 2], { keepdims: true })],
    ["mean", (x) => np.mean(x, -1)],
    ["max", (x) => np.max(x, 1)],
    ["min", (x) => np.min(x, [0, 1])],
    ["product", (x) => np.prod(x, 2)],
    ["variance", (x) => np.var_(x, -1)],
    ["sum of a broadcast", (x) => np.sum(np.broadcastTo(x, [5, 2, 3, 4]), [0, 2])],
    ["max of a broadcast", (x) => np.max(np.broadcastTo(x, [5, 2, 3, 4]), [0, 2])],
    ["product of a broadcast", (x) => np.prod(np.broadcastTo(x, [3, 2, 3, 4]), [0, 2])],
    ["cumulative sum", (x) => np.matmul(x, np.triu(np.ones([4, 4])))],
  ])("%s, and its gradient", async (_name, fn) => {
    const x = normal(2, 3, 4);
    const forward = one((inputs) => fn(inputs.x));
    await expectParity(forward, { x });
    const { y } = await onRuntime(forward, { x });
    await expectParity(gradient(fn), { x, w: normal(...y.shape) });
  });

  test("any and all", async () => {
    const x = float32([0, 0, 1, 0, 1, 1], [3, 2]);
    await expectParity(
      one((inputs) => bool(np.any(np.equal(inputs.x, 1), 1))),
      { x },
    );
    await expectParity(
      one((inputs) => bool(np.all(np.equal(inputs.x, 1), 1))),
      { x },
    );
  });

  test("argmax takes the first of equals", async () => {
    const x = float32([1, 5, 5, 2, 2, 0], [2, 3]);
    await expectParity(
      one((inputs) => np.argmax(inputs.x, 1)),
      { x },
    );
  });
});

describe("products", () => {
  const cases: [string, number[], number[], (x: np.Array, y: np.Array) => np.Array][] = [
    ["vector and vector", [4], [4], (x, y) => np.dot(x, y)],
    ["matrix and vector", [3, 4], [4], (x, y) => np.dot(x, y)],
    ["matrix and matrix", [3, 4], [4, 5], (x, y) => np.matmul(x, y)],
    ["stack and matrix", [2, 3, 4], [4, 5], (x, y) => np.matmul(x, y)],
    ["stack and stack", [2, 3, 4], [2, 4, 5], (x, y) => np.matmul(x, y)],
    ["stacks broadcast to each other", [2, 1, 3, 4], [5, 4, 6], (x, y) => np.matmul(x, y)],
    ["first transposed", [4, 3], [4, 5], (x, y) => np.matmul(np.transpose(x), y)],
    ["second transposed", [3, 4], [5, 4], (x, y) => np.matmul(x, np.transpose(y))],
    ["both transposed", [4, 3], [5, 4], (x, y) => np.matmul(np.transpose(x), np.transpose(y))],
    ["rows with rows", [6, 4], [6, 4], (x, y) => np.sum(np.multiply(x, y), -1)],
    ["row vector and stack", [6, 1, 4], [6, 4, 5], (x, y) => np.matmul(x, y)],
    ["outer", [3, 1], [1, 5], (x, y) => np.matmul(x, y)],
    [
      "heads of attention",
      [2, 5, 8],
      [2, 6, 8],
      (x, y) => {
        const heads = (a: np.Array, t: number) => np.transpose(np.reshape(a, [2, t, 4, 2]), [0, 2, 1, 3]);
        return np.matmul(heads(x, 5), np.transpose(heads(y, 6), [0, 1, 3, 2]));
      },
    ],
    [
      "a broadcast operand",
      [3, 4],
      [4, 5],
      (x, y) => np.matmul(np.broadcastTo(x, [2, 3, 4]), np.broadcastTo(y, [2, 4, 5])),
    ],
    [
      "an operand that is alike along the contracted axis",
      [3, 1],
      [4, 5],
      (x, y) => np.matmul(np.broadcastTo(x, [3, 4]), y),
    ],
  ];
  test.each(cases)("%s, and both gradients", async (_name, a, b, fn) => {
    const inputs = { x: normal(...a), y: normal(...b) };
    const forward = one(({ x, y }) => fn(x, y));
    await expectParity(forward, inputs);
    const { y } = await onRuntime(forward, inputs);
    const both: ArrayFunction = ({ x, y: second, w }) => {
      const loss = (p: np.Array, q: np.Array) => np.sum(np.multiply(fn(p, q), w));
      const [dx, dy] = grad(loss, { argnums: [0, 1] })(x, second);
      return { dx, dy };
    };
    await expectParity(both, { ...inputs, w: normal(...y.shape) });
  });

  test("without Microsoft's operators, for providers that lack them", async () => {
    const traced = trace(
      ([x, y]) => [np.matmul(x, np.transpose(y))],
      [
        { type: "float32", shape: [3, 4] },
        { type: "float32", shape: [5, 4] },
      ],
      () => false,
    );
    const names = { name: "product", inputNames: ["x", "y"], outputNames: ["z"] };
    const build = (fused: boolean) => lower(traced, { ...names, fused }).graph.build().model;
    expect(Buffer.from(build(true)).includes("FusedMatMul")).toBe(true);
    const plain = build(false);
    expect(Buffer.from(plain).includes("FusedMatMul")).toBe(false);
    const session = await openSession(plain, { threads: 1 });
    const [x, y] = [normal(3, 4), normal(5, 4)];
    const { Tensor } = await loadRuntime();
    const { z } = await session.run({
      x: new Tensor("float32", x.data, x.shape),
      y: new Tensor("float32", y.data, y.shape),
    });
    const expected = await onRuntime(({ x: a, y: b }) => ({ z: np.matmul(a, np.transpose(b)) }), {
      x,
      y,
    });
    expect(relativeError(z.data as Float32Array, expected.z.data)).toBeLessThan(1e-6);
  });
});

describe("moving, cutting and joining", () => {
  test.each<[string, (x: np.Array) => np.Array]>([
    ["transpose", (x) => np.transpose(x, [2, 0, 1])],
    [
      "transpose of a reshape of a transpose",
      (x) => np.transpose(np.reshape(np.transpose(x, [1, 0, 2]), [6, 2, 2]), [2, 1, 0]),
    ],
    [
      "reshape of a broadcast",
      (x) => np.reshape(np.broadcastTo(np.reshape(x, [2, 1, 3, 4]), [2, 5, 3, 4]), [10, 12]),
    ],
    ["reshape across axes", (x) => np.reshape(x, [4, 6])],
    ["slice", (x) => x.slice([], [1, 3], [0, 2])],
    ["one element of an axis", (x) => x.slice([], 1)],
    ["slice of a transpose", (x) => np.transpose(x, [2, 1, 0]).slice([1, 3], [1])],
    [
      "pad",
      (x) =>
        np.pad(x, [
          [1, 0],
          [0, 2],
          [3, 1],
        ]),
    ],
    [
      "pad of a broadcast",
      (x) =>
        np.pad(np.broadcastTo(np.sum(x, [0, 1]), [2, 4]), [
          [1, 1],
          [0, 1],
        ]),
    ],
    ["flip", (x) => np.flip(x, [0, 2])],
    ["concatenate", (x) => np.concatenate([x, np.multiply(x, 2)], 1)],
    [
      "concatenate in other orders",
      (x) => np.concatenate([np.transpose(x, [0, 2, 1]), np.reshape(x, [2, 4, 3])], 0),
    ],
    [
      "concatenate a broadcast",
      (x) => np.concatenate([x, np.broadcastTo(np.max(x, 0, { keepdims: true }), [3, 3, 4])], 0),
    ],
    ["stack", (x) => np.stack([x, np.multiply(x, x)], 1)],
    ["split", (x) => np.multiply(...(np.split(x, 2, 2) as [np.Array, np.Array]))],
    ["repeat", (x) => np.repeat(x, 3, 1)],
    ["tile", (x) => np.tile(x, [2, 1, 2])],
    ["rows alike", (x) => np.add(np.broadcastTo(np.sum(x, 0), [2, 3, 4]), np.transpose(np.ones([4, 3, 2])))],
  ])("%s, and its gradient", async (_name, fn) => {
    const x = normal(2, 3, 4);
    const forward = one((inputs) => fn(inputs.x));
    await expectParity(forward, { x });
    const { y } = await onRuntime(forward, { x });
    await expectParity(gradient(fn), { x, w: normal(...y.shape) });
  });
});

describe("picking and adding by index", () => {
  const picks: [string, number[], (x: np.Array, i: np.Array) => np.Array][] = [
    ["rows", [7, 3], (x, i) => np.take(x, i, 0)],
    ["columns", [3, 7], (x, i) => np.take(x, i, 1)],
    ["the middle axis", [2, 7, 3], (x, i) => np.take(x, i, 1)],
    ["rows of a transpose", [3, 7], (x, i) => np.take(np.transpose(x), i, 0)],
    ["one number a row", [4, 7], (x, i) => x.slice(np.arange(4), np.reshape(i, [2, 4]).slice(0))],
    ["along an axis", [2, 7], (x, i) => np.takeAlongAxis(x, np.reshape(i, [2, 4]), 1)],
    ["in the middle of other axes", [2, 7, 3], (x, i) => x.slice([], i, [])],
    [
      "with a broadcast index",
      [7, 3],
      (x, i) => np.take(x, np.broadcastTo(np.reshape(i, [1, 8]), [5, 8]), 0),
    ],
    ["of a broadcast table", [1, 3], (x, i) => np.take(np.broadcastTo(x, [7, 3]), i, 0)],
    ["the same row always", [7, 3], (x) => np.take(x, np.array([2, 2], { dtype: np.int32 }), 0)],
  ];
  test.each(picks)("%s, and the gradient, with repeated indices", async (_name, shape, fn) => {
    const x = normal(...shape);
    const i = int32([0, 6, 3, 3, 3, 0, 5, 3]);
    const forward = one((inputs) => fn(inputs.x, inputs.i));
    await expectParity(forward, { x, i });
    const { y } = await onRuntime(forward, { x, i });
    const back: ArrayFunction = ({ x: table, i: index, w }) => ({
      dx: grad((inner: np.Array) => np.sum(np.multiply(fn(inner, index), w)))(table),
    });
    await expectParity(back, { x, i, w: normal(...y.shape) });
  });

  test("many repeated rows on two threads: right, and the same bits on every run", async () => {
    const fn: ArrayFunction = ({ table, index, w }) => ({
      d: grad((inner: np.Array) => np.sum(np.multiply(np.take(inner, index, 0), w)))(table),
    });
    const inputs = { table: normal(50, 64), index: integers(50, 4000), w: normal(4000, 64) };
    const expected = new Float64Array(50 * 64);
    inputs.index.data.forEach((row, n) => {
      for (let d = 0; d < 64; d++) expected[row * 64 + d] += inputs.w.data[n * 64 + d];
    });
    const first = await onRuntime(fn, inputs);
    const worst = Math.max(...expected.map((e, k) => Math.abs(e - first.d.data[k])));
    expect(worst / Math.max(...expected.map(Math.abs))).toBeLessThan(1e-5);
    for (let run = 0; run < 5; run++) {
      const again = await onRuntime(fn, inputs);
      expect(Buffer.compare(Buffer.from(again.d.data.buffer), Buffer.from(first.d.data.buffer))).toBe(0);
    }
  });

  test("sort, argsort and the greatest k, the first of equals first", async () => {
    const x = float32([3, 1, 3, 2, 0, 0, 5, 0], [2, 4]);
    await expectParity(
      one((inputs) => np.sort(inputs.x, -1)),
      { x },
    );
    await expectParity(
      one((inputs) => np.argsort(inputs.x, -1)),
      { x },
    );
    await expectParity(
      one((inputs) => np.sort(inputs.x, 0)),
      { x },
    );
    await expectParity(
      ({ x: a }) => {
        const [values, places] = lax.topK(a, 3);
        return { values, places };
      },
      { x },
    );
    await expectParity(
      gradient((a) => np.sort(a, -1)),
      { x: normal(2, 4), w: normal(2, 4) },
    );
  });
});

describe("convolutions", () => {
  const shapes: [
    string,
    number[],
    number[],
    Parameters<typeof lax.convGeneralDilated>[2],
    Parameters<typeof lax.convGeneralDilated>[3],
  ][] = [
    ["one axis", [2, 3, 8], [4, 3, 3], [1], [[0, 0]]],
    ["padded", [2, 3, 8], [4, 3, 3], [1], [[1, 1]]],
    ["strided", [2, 3, 9], [4, 3, 3], [2], [[1, 0]]],
    [
      "two axes, a kernel as wide as the image (Caser's)",
      [2, 1, 5, 6],
      [4, 1, 2, 6],
      [1, 1],
      [
        [0, 0],
        [0, 0],
      ],
    ],
  ];
  test.each(shapes)("%s, and both gradients", async (_name, a, b, strides, padding) => {
    const inputs = { x: normal(...a), k: normal(...b) };
    const fn = (x: np.Array, k: np.Array) => lax.convGeneralDilated(x, k, strides, padding);
    const forward = one(({ x, k }) => fn(x, k));
    await expectParity(forward, inputs);
    const { y } = await onRuntime(forward, inputs);
    const both: ArrayFunction = ({ x, k, w }) => {
      const [dx, dk] = grad((p: np.Array, q: np.Array) => np.sum(np.multiply(fn(p, q), w)), {
        argnums: [0, 1],
      })(x, k);
      return { dx, dk };
    };
    await expectParity(both, { ...inputs, w: normal(...y.shape) });
  });
});
