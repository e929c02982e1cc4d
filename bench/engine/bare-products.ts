import { fromBinary } from "@bufbuild/protobuf";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { ModelProtoSchema, type ValueInfoProto } from "../../src/engine/generated/onnx_pb.js";
import { sizeOf } from "../../src/engine/onnx/element-types.js";
import { GraphBuilder } from "../../src/engine/onnx/graph-builder.js";
import { loadRuntime, sessionOptions } from "../../src/engine/run/providers.js";

function shapeOf(info: ValueInfoProto): number[] {
  const type = info.type?.value;
  if (type?.case !== "tensorType") throw new Error(`${info.name} is no tensor`);
  return type.value.shape!.dim.map(({ value }) => Number(value.value));
}

/** The matrix products of a model, alone in one graph: what any implementation of it must at least do. */
export interface BareProducts {
  readonly session: InferenceSession;
  readonly feeds: Record<string, Tensor>;
  /** Multiplications and additions, 2 m n k for each product. */
  readonly flops: number;
  readonly count: number;
}

export async function bareProducts(model: Uint8Array, threads: number): Promise<BareProducts> {
  const source = fromBinary(ModelProtoSchema, model).graph!;
  const shapes = new Map<string, number[]>();
  for (const info of [...source.valueInfo, ...source.input, ...source.output])
    shapes.set(info.name, shapeOf(info));
  for (const { name, dims } of source.initializer) shapes.set(name, dims.map(Number));
  const graph = new GraphBuilder("products");
  const runtime = await loadRuntime();
  const feeds: Record<string, Tensor> = {};
  const operand = (name: string, role: string): string => {
    const shape = shapes.get(name)!;
    const input = `${role}[${shape.join(",")}]`;
    if (!(input in feeds)) {
      graph.input(input, "float32", shape);
      const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i));
      feeds[input] = new runtime.Tensor("float32", data, shape);
    }
    return input;
  };
  let flops = 0;
  const samples: string[] = [];
  for (const node of source.node) {
    if (node.opType !== "MatMul" && node.opType !== "FusedMatMul") continue;
    const flags = Object.fromEntries(node.attribute.map(({ name, i }) => [name, Number(i)]));
    const [x, y] = [operand(node.input[0], "x"), operand(node.input[1], "y")];
    const product = graph.node(node.opType, [x, y], flags, { domain: node.domain });
    const shape = shapes.get(node.output[0])!;
    const left = shapes.get(node.input[0])!;
    flops += 2 * sizeOf(shape) * left.at(flags.transA === 1 ? -2 : -1)!;
    // One element of each result is kept, so that no product is left out and next to nothing is copied.
    const ones = graph.shape(shape.map(() => 1));
    const sample = graph.node("Slice", [product, graph.shape(shape.map(() => 0)), ones]);
    samples.push(graph.node("Reshape", [sample, graph.shape([1])]));
  }
  graph.output(graph.node("Concat", samples, { axis: 0 }), "float32", [samples.length]);
  // Unoptimised: equal products would be merged into one.
  const session = await runtime.InferenceSession.create(graph.build().model, {
    ...sessionOptions({ threads }),
    graphOptimizationLevel: "disabled",
  });
  return { session, feeds, flops, count: samples.length };
}
