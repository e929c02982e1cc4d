import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ort from "onnxruntime-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { float } from "../../../src/engine/onnx/attributes.js";
import { GraphBuilder } from "../../../src/engine/onnx/graph-builder.js";
import { writeModel } from "../../../src/engine/onnx/write-model.js";

const session = (bytes: Uint8Array) => ort.InferenceSession.create(bytes, { intraOpNumThreads: 2 });

test("a graph with symbolic sides, a weight, shared constants and a Microsoft operator runs", async () => {
  const graph = new GraphBuilder("affine");
  const x = graph.input("x", "float32", ["rows", 2]);
  const weight = graph.initializer("w", "float32", [3, 2], new Float32Array([1, 2, 3, 4, 5, 6]));
  const product = graph.node("FusedMatMul", [x, weight], { transB: 1 }, { domain: "com.microsoft" });
  expect(graph.constant("float32", [], [10])).toBe(graph.constant("float32", [], [10]));
  expect(graph.constant("float32", [], [-0])).not.toBe(graph.constant("float32", [], [0]));
  const shifted = graph.node("Add", [product, graph.constant("float32", [], [10])]);
  graph.output(graph.node("LeakyRelu", [shifted], { alpha: float(2) }, { outputs: ["y"] }), "float32", [
    "rows",
    3,
  ]);

  const affine = await session(graph.build().model);
  expect(affine.inputNames).toEqual(["x"]);
  const { y } = await affine.run({ x: new ort.Tensor("float32", [1, 1, -9, 0], [2, 2]) });
  // np.array([[1, 1], [-9, 0]]) @ w.T + 10 = [[13, 17, 21], [1, -17, -35]]; negatives doubled.
  expect([...(y.data as Float32Array)]).toEqual([13, 17, 21, 1, -34, -70]);
  expect(y.dims).toEqual([2, 3]);
});

test("a node with several outputs gives a name for each", async () => {
  const graph = new GraphBuilder("split");
  const x = graph.input("x", "int32", [4]);
  const parts = graph.nodeWithOutputs("Split", [x, graph.shape([1, 3])], ["head", "tail"], { axis: 0 });
  parts.forEach((name, i) => {
    graph.output(name, "int32", [i === 0 ? 1 : 3]);
  });
  const run = await (
    await session(graph.build().model)
  ).run({ x: new ort.Tensor("int32", [7, 8, 9, 10], [4]) });
  expect([...(run.tail.data as Int32Array)]).toEqual([8, 9, 10]);
});

describe("mistakes are found where they are made", () => {
  test.each([
    ["an unknown value", (g: GraphBuilder) => g.node("Neg", ["nothing"]), /Neg uses the value nothing/],
    ["a name made twice", (g: GraphBuilder) => g.input("x", "float32", []), /x is made twice/],
    [
      "an unknown output",
      (g: GraphBuilder) => {
        g.output("z", "float32", []);
      },
      /output uses the value z/,
    ],
    [
      "an undeclared domain",
      (g: GraphBuilder) => g.node("Gelu", ["x"], {}, { domain: "ai.example" }),
      /domain ai\.example/,
    ],
    [
      "a fraction that is not marked float",
      (g: GraphBuilder) => g.node("Elu", ["x"], { alpha: 0.5 }),
      /write float\(0\.5\)/,
    ],
    [
      "data of another size",
      (g: GraphBuilder) => g.initializer("w", "float32", [2, 2], new Float32Array(3)),
      /float32\[2, 2\].*Float32Array\[3\]/,
    ],
    [
      "data of another type",
      (g: GraphBuilder) => g.initializer("w", "int32", [1], new Float32Array(1) as never),
      /int32\[1\].*Float32Array\[1\]/,
    ],
  ])("%s", (_name, build, message) => {
    const graph = new GraphBuilder("g");
    graph.input("x", "float32", [1]);
    expect(() => {
      build(graph);
    }).toThrow(message);
  });
});

describe("external data", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "llmrec-onnx-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("lies aligned beside the model and is found by the runtime", async () => {
    const graph = new GraphBuilder("g");
    const x = graph.input("x", "float32", [2]);
    const a = graph.initializer("a", "float32", [2], new Float32Array([1, 2]), { external: true });
    const b = graph.initializer("b", "float32", [2], new Float32Array([10, 20]), { external: true });
    const sum = graph.node("Add", [graph.node("Add", [x, a]), b]);
    graph.output(sum, "float32", [2]);
    const path = join(folder, "onnx", "model.onnx");
    await writeModel(path, graph);
    expect((await stat(`${path}_data`)).size).toBe(4096 + 8);
    const loaded = await ort.InferenceSession.create(path, { intraOpNumThreads: 1 });
    const run = await loaded.run({ x: new ort.Tensor("float32", [100, 200], [2]) });
    expect([...(run[sum].data as Float32Array)]).toEqual([111, 222]);
  });
});
