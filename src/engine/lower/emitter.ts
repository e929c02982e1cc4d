import type { AttributeValue, Attributes } from "../onnx/attributes.js";
import { FloatAttribute } from "../onnx/attributes.js";
import { type AnyArray, arrayOf, bytesPerElement, type ElementType, sizeOf } from "../onnx/element-types.js";
import type { GraphBuilder } from "../onnx/graph-builder.js";

/** A tensor of the graph that is being made: its name, and the type and shape it will have in memory. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
}

interface Node {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

export type ValueType = Pick<Value, "type" | "shape">;

function attributeKey(value: AttributeValue): string {
  return value instanceof FloatAttribute ? `f${value.value}` : JSON.stringify(value);
}

/**
 * Collects the nodes of a graph. Every operation is pure, so an operation asked for twice is made once; at the end only what the
 * outputs need is written.
 */
export class Emitter {
  private readonly nodes: Node[] = [];
  private readonly made = new Map<string, readonly Value[]>();
  private readonly constants = new Map<string, AnyArray>();
  private counter = 0;

  private fresh({ type, shape }: ValueType, prefix = "%"): Value {
    return { name: `${prefix}${this.counter++}`, type, shape };
  }

  /** An operation with one result. */
  emit(
    op: string,
    inputs: readonly Value[],
    result: ValueType,
    attributes: Attributes = {},
    domain = "",
  ): Value {
    return this.emitMany(op, inputs, [result], attributes, domain)[0];
  }

  /** An operation with several results. */
  emitMany(
    op: string,
    inputs: readonly Value[],
    results: readonly ValueType[],
    attributes: Attributes = {},
    domain = "",
  ): readonly Value[] {
    const settings = Object.entries(attributes).map(([name, value]) => `${name}=${attributeKey(value)}`);
    const key = `${domain}.${op}(${inputs.map(({ name }) => name).join()})${settings.join()}:${results.length}:${results[0].type}`;
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const outputs = results.map((result) => this.fresh(result));
    this.nodes.push({ op, domain, inputs, outputs, attributes });
    this.made.set(key, outputs);
    return outputs;
  }

  /** A constant tensor; equal small constants are one. */
  constant(type: ElementType, shape: readonly number[], values: readonly number[]): Value {
    const text = values.map((value) => (Object.is(value, -0) ? "-0" : value)).join();
    const key = `constant ${type}[${shape.join()}]:${text}`;
    const known = this.made.get(key);
    if (known !== undefined) return known[0];
    const value = this.data(type, shape, arrayOf(type, values));
    this.made.set(key, [value]);
    return value;
  }

  /** A constant tensor from an array, which is not copied. */
  data(type: ElementType, shape: readonly number[], array: AnyArray): Value {
    const value = this.fresh({ type, shape }, "%c");
    this.constants.set(value.name, array);
    return value;
  }

  /** Integers that steer an operation: a shape, axes, bounds. */
  integers(values: readonly number[]): Value {
    return this.constant("int64", [values.length], values);
  }

  reshape(value: Value, shape: readonly number[]): Value {
    if (shape.length === value.shape.length && shape.every((side, i) => side === value.shape[i]))
      return value;
    const attributes: Attributes = shape.includes(0) ? { allowzero: 1 } : {};
    return this.emit("Reshape", [value, this.integers(shape)], { type: value.type, shape }, attributes);
  }

  transpose(value: Value, perm: readonly number[]): Value {
    if (perm.every((axis, i) => axis === i)) return value;
    const shape = perm.map((axis) => value.shape[axis]);
    return this.emit("Transpose", [value], { type: value.type, shape }, { perm });
  }

  cast(value: Value, type: ElementType, onnxType: number): Value {
    if (value.type === type) return value;
    return this.emit("Cast", [value], { type, shape: value.shape }, { to: onnxType });
  }

  expand(value: Value, shape: readonly number[]): Value {
    return this.emit("Expand", [value, this.integers(shape)], { type: value.type, shape });
  }

  /** The nodes that the outputs depend on, in order. */
  private live(outputs: readonly Value[]): Node[] {
    const needed = new Set(outputs.map(({ name }) => name));
    const live: Node[] = [];
    for (let i = this.nodes.length - 1; i >= 0; i--) {
      const node = this.nodes[i];
      if (!node.outputs.some(({ name }) => needed.has(name))) continue;
      live.push(node);
      for (const { name } of node.inputs) needed.add(name);
    }
    return live.reverse();
  }

  /**
   * Writes the live nodes into a graph whose inputs are already declared.
   * @returns the most bytes that intermediate results and outputs hold at one time, when nodes run in this order.
   */
  write(graph: GraphBuilder, outputs: readonly { name: string; value: Value }[]): { peakBytes: number } {
    const nodes = this.live(outputs.map(({ value }) => value));
    const written = new Set<string>();
    const writeConstant = (value: Value) => {
      const array = this.constants.get(value.name);
      if (array === undefined || written.has(value.name)) return;
      written.add(value.name);
      graph.initializer(value.name, value.type, value.shape, array);
    };
    for (const { op, inputs, outputs: results, attributes, domain } of nodes) {
      inputs.forEach(writeConstant);
      const names = (values: readonly Value[]) => values.map(({ name }) => name);
      graph.nodeWithOutputs(op, names(inputs), names(results), attributes, domain);
    }
    for (const { name, value } of outputs) {
      writeConstant(value);
      graph.output(graph.node("Identity", [value.name], {}, { outputs: [name] }), value.type, value.shape);
    }
    return {
      peakBytes: peakBytes(
        nodes,
        outputs.map(({ value }) => value),
      ),
    };
  }
}

function byteSize({ type, shape }: Value): number {
  return sizeOf(shape) * bytesPerElement(type);
}

/** Reshape only renames memory, so its result costs nothing while its source lives; counting both would double the estimate. */
function isFree(node: Node): boolean {
  return node.op === "Reshape";
}

function peakBytes(nodes: readonly Node[], outputs: readonly Value[]): number {
  const lastUse = new Map<string, number>();
  nodes.forEach(({ inputs }, i) => {
    for (const { name } of inputs) lastUse.set(name, i);
  });
  for (const { name } of outputs) lastUse.set(name, nodes.length);
  const held = new Map<string, number>();
  let now = 0;
  let peak = 0;
  nodes.forEach((node, i) => {
    for (const value of node.outputs) {
      const bytes = isFree(node) ? 0 : byteSize(value);
      held.set(value.name, bytes);
      now += bytes;
    }
    peak = Math.max(peak, now);
    for (const { name } of [...node.inputs, ...node.outputs]) {
      if ((lastUse.get(name) ?? i) > i) continue;
      now -= held.get(name) ?? 0;
      held.delete(name);
    }
  });
  return peak;
}
