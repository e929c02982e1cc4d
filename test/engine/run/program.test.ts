import { numpy as np, random } from "@jax-js/jax";
import { describe, expect, test } from "vitest";
import type { ProviderError } from "../../../src/core/errors.js";
import { suggestName } from "../../../src/core/names.js";
import { compile } from "../../../src/engine/run/compile.js";
import { parseProvider, presentProviders, PROVIDERS } from "../../../src/engine/run/providers.js";
import { program } from "../../../src/engine/run/program.js";
import { float32, int32, zeros } from "../../../src/engine/run/tensor.js";

const affine = ({ w, b, x }: { w: np.Array; b: np.Array; x: np.Array }) => np.add(np.matmul(x, w), b);
const affineSpecs = {
  w: { type: "float32", shape: [2, 3] },
  b: { type: "float32", shape: [3] },
  x: { type: "float32", shape: [4, 2] },
} as const;
const affineInputs = () => ({
  w: float32([1, 2, 3, 4, 5, 6], [2, 3]),
  b: float32([10, 20, 30]),
  x: float32([1, 0, 0, 1, 1, 1, 2, 2], [4, 2]),
});
// np.array([[1,0],[0,1],[1,1],[2,2]]) @ np.array([[1,2,3],[4,5,6]]) + np.array([10,20,30])
const affineResult = [11, 22, 33, 14, 25, 36, 15, 27, 39, 20, 34, 48];

describe("program", () => {
  test("keeps the structure of what goes in and comes out", async () => {
    const layered = program(
      ({ layers, x }: { layers: { weight: np.Array; bias: np.Array }[]; x: np.Array }) => {
        const hidden = layers.map(({ weight, bias }) => affine({ w: weight, b: bias, x }));
        return { hidden, total: np.sum(hidden[0]) };
      },
    );
    const { w, b, x } = affineInputs();
    const { hidden, total } = await layered.run({ layers: [{ weight: w, bias: b }], x });
    expect([...hidden[0].data]).toEqual(affineResult);
    expect(hidden[0].shape).toEqual([4, 3]);
    expect(total).toEqual({ shape: [], data: Float32Array.of(affineResult.reduce((a, c) => a + c)) });
    await layered.release();
  });

  test("traces once for each set of shapes", async () => {
    let traces = 0;
    const double = program(({ x }: { x: np.Array }) => {
      traces++;
      return { y: np.multiply(x, 2) };
    });
    for (const data of [[1], [2], [3, 4], [5], [6, 7]]) {
      const { y } = await double.run({ x: float32(data) });
      expect([...y.data]).toEqual(data.map((v) => 2 * v));
    }
    expect(traces).toBe(2);
    await double.run({ x: int32([1]) });
    expect(traces).toBe(3);
    await double.release();
  });

  test("arrays that the function closes over become constants", async () => {
    const table = np.array([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const pick = program(({ i }: { i: np.Array }) => ({ rows: np.take(table, i, 0) }));
    for (let run = 0; run < 2; run++) {
      const { rows } = await pick.run({ i: int32([2, 0]) });
      expect([...rows.data]).toEqual([5, 6, 1, 2]);
    }
  });

  test("an input can go straight out", async () => {
    const same = program(({ x }: { x: np.Array }) => ({ x, zero: np.zeros([2]) }));
    const { x, zero } = await same.run({ x: float32([1, 2, 3]) });
    expect([...x.data, ...zero.data]).toEqual([1, 2, 3, 0, 0]);
  });
});

describe("compiled functions", () => {
  test("write into the arrays they are given", async () => {
    const compiled = await compile((inputs) => ({ y: affine(inputs as never) }), affineSpecs);
    const y = zeros("float32", [4, 3]);
    const outputs = await compiled.run(affineInputs(), { y });
    expect(outputs.y).toBe(y);
    expect([...y.data]).toEqual(affineResult);
  });

  test("refuse to write where they read", async () => {
    const compiled = await compile(({ x }) => ({ y: np.matmul(x, x) }), {
      x: { type: "float32", shape: [2, 2] },
    });
    const memory = new Float32Array(8);
    const x = float32(memory.subarray(0, 4), [2, 2]);
    const at = (from: number) => float32(memory.subarray(from, from + 4), [2, 2]);
    await expect(compiled.run({ x }, { y: x })).rejects.toThrow("the output y shares memory with an input");
    await expect(compiled.run({ x }, { y: at(3) })).rejects.toThrow("shares memory");
    memory.set([1, 2, 3, 4]);
    await compiled.run({ x }, { y: at(4) });
    // np.array([[1, 2], [3, 4]]) @ np.array([[1, 2], [3, 4]])
    expect(Array.from(memory)).toEqual([1, 2, 3, 4, 7, 10, 15, 22]);
  });

  test("name a wrong, a missing and an unknown array", async () => {
    const compiled = await compile((inputs) => ({ y: affine(inputs as never) }), affineSpecs, {
      name: "affine",
    });
    const inputs = affineInputs();
    await expect(compiled.run({ ...inputs, w: float32(new Float32Array(8), [2, 4]) })).rejects.toThrow(
      "affine: w is float32[2, 4], expected float32[2, 3]",
    );
    await expect(compiled.run({ ...inputs, b: int32([1, 2, 3]) })).rejects.toThrow(
      "affine: b is int32[3], expected float32[3]",
    );
    await expect(compiled.run({ w: inputs.w, b: inputs.b })).rejects.toThrow(
      "affine: the input x is missing",
    );
    await expect(compiled.run(inputs, { z: zeros("float32", [1]) })).rejects.toThrow(
      "affine has no output z",
    );
  });

  test("refuse what can't fit, with an estimate", async () => {
    const outer = compile(
      ({ x }) => ({ y: np.sum(np.exp(np.multiply(np.reshape(x, [-1, 1]), x))) }),
      { x: { type: "float32", shape: [100_000] } },
      { name: "the outer product", memoryLimit: 16e9 },
    );
    await expect(outer).rejects.toThrow(
      /the outer product needs about (4|8)0\.\d GB of memory, and 16\.0 GB are free/,
    );
    await expect(outer).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
  });

  test("a primitive without a lowering is named with its shapes", async () => {
    const dropout = compile(
      ({ x }) => ({ y: np.multiply(x, random.bernoulli(random.key(1), 0.5, [2, 3]).astype(np.float32)) }),
      { x: { type: "float32", shape: [2, 3] } },
    );
    await expect(dropout).rejects.toThrow(
      /the primitive random_bits\(uint32\[.*\) has no lowering to ONNX: random numbers come from the host/,
    );
  });

  test("an output that is neither float32 nor int32 is named", async () => {
    await expect(
      compile(({ x }) => ({ y: np.less(x, 0) }), { x: { type: "float32", shape: [2] } }),
    ).rejects.toThrow("the output y is bool; cast it to float32 or int32");
  });
});

describe("execution providers", () => {
  test("an unknown name is refused with those known", () => {
    expect(parseProvider("webgpu")).toBe("webgpu");
    expect(() => parseProvider("cudda")).toThrow("unknown execution provider cudda");
    expect(() => parseProvider("cudda")).toThrow(
      expect.objectContaining({ hint: suggestName("cudda", PROVIDERS) }),
    );
  });

  test("one that this machine lacks is refused with those present", async () => {
    const present = await presentProviders();
    expect(present).toContain("cpu");
    const missing = (["coreml", "dml", "cuda"] as const).find((name) => !present.includes(name));
    if (missing === undefined) return;
    const failed = compile(
      ({ x }) => ({ y: np.negative(x) }),
      { x: { type: "float32", shape: [1] } },
      { provider: missing },
    );
    const error = (await failed.catch((reason: unknown) => reason)) as ProviderError;
    expect(error.code).toBe("PROVIDER_MISSING");
    expect(error.hint).toBe(`Present: ${present.join(", ")}.`);
  });
});

// Among them products with few columns, whose sums the runtime cuts by how many columns a thread has.
test.each([
  [300, 70, 300],
  [60, 510, 64],
  [64, 1000, 256],
  [3, 1000, 64],
  [1, 1000, 64],
  [7, 700, 100],
])("the same bits for 1 to 16 threads: [%d, %d] times [.., %d]", async (rows, depth, columns) => {
  const waves = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
  const inputs = {
    x: float32(waves(rows * depth), [rows, depth]),
    y: float32(waves(depth * columns), [depth, columns]),
  };
  const run = async (threads: number) => {
    const compiled = await compile(
      ({ x, y }) => {
        const product = np.matmul(x, y);
        return { product, sums: np.sum(np.multiply(product, np.exp(np.multiply(product, 0.01))), 0) };
      },
      { x: { type: "float32", shape: [rows, depth] }, y: { type: "float32", shape: [depth, columns] } },
      { threads },
    );
    const { product, sums } = await compiled.run(inputs);
    await compiled.release();
    return Buffer.concat([product, sums].map(({ data }) => Buffer.from(data.slice().buffer)));
  };
  const one = await run(1);
  for (const threads of [2, 3, 16]) expect(Buffer.compare(one, await run(threads))).toBe(0);
});
