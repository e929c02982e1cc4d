import { create, toBinary } from "@bufbuild/protobuf";
import {
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "../generated/onnx_pb.js";
import { type Attributes, encodeAttributes } from "./attributes.js";
import {
  type AnyArray,
  arrayOf,
  describe,
  type ElementArrays,
  type ElementType,
  holds,
  ONNX_TYPE,
  sizeOf,
} from "./element-types.js";

/** One side of a graph input's or output's shape: a number, or a symbol that a run fixes. */
export type Dimension = number | string;

export interface GraphOptions {
  /** Version of ONNX's own operators. */
  opset?: number;
  /** Versions of further operator domains. */
  domains?: Readonly<Record<string, number>>;
}

export interface NodeOptions {
  /** Operator domain; ONNX's own if left out. It must be among the graph's `domains`. */
  domain?: string;
  /**
   * Names of the outputs, where others must know them; fresh names if left out. `""` is an output that is not
   * wanted.
   */
  outputs?: readonly string[];
}

/** Bytes of an initializer that lies beside the model, in the data file, instead of in it. */
export interface ExternalTensor {
  readonly name: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * A finished graph: the protobuf and the bytes that belong in the data file beside it, in ascending order of
 * offset.
 */
export interface BuiltModel {
  readonly model: Uint8Array;
  readonly external: readonly ExternalTensor[];
}

/** External tensors begin at multiples of this, so that a reader may map the file into memory. */
const EXTERNAL_ALIGNMENT = 4096;

function bytesOf(array: AnyArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function valueInfo(name: string, type: ElementType, shape: readonly Dimension[]): ValueInfoProto {
  const dim = shape.map((side) => ({
    value:
      typeof side === "number"
        ? { case: "dimValue" as const, value: BigInt(side) }
        : { case: "dimParam" as const, value: side },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType: ONNX_TYPE[type], shape: { dim } } } },
  });
}

/**
 * Builds one ONNX graph (without subgraphs). Every value is known by its name; an operator's input that is left out
 * is `""`. Nodes are given in an order in which each value is made before it is used: the builder checks that, and
 * that no name is made twice, at once, so that a mistake is found where it was made and not in the runtime.
 */
export class GraphBuilder {
  private readonly nodes: NodeProto[] = [];
  private readonly initializers: TensorProto[] = [];
  private readonly inputs: ValueInfoProto[] = [];
  private readonly outputs: ValueInfoProto[] = [];
  private readonly infos: ValueInfoProto[] = [];
  private readonly external: { tensor: TensorProto; bytes: Uint8Array }[] = [];
  private readonly known = new Set<string>();
  private readonly shared = new Map<string, string>();
  private readonly opset: number;
  private readonly domains: Readonly<Record<string, number>>;
  private counter = 0;

  constructor(
    readonly name: string,
    { opset = 21, domains = { "com.microsoft": 1 } }: GraphOptions = {},
  ) {
    this.opset = opset;
    this.domains = domains;
  }

  /** How many nodes the graph has so far. */
  get nodeCount(): number {
    return this.nodes.length;
  }

  /** A name that no value of this graph has. */
  fresh(prefix = "t"): string {
    let name: string;
    do name = `${prefix}${this.counter++}`;
    while (this.known.has(name));
    return name;
  }

  private define(name: string): string {
    if (this.known.has(name)) throw new Error(`graph ${this.name}: the value ${name} is made twice`);
    this.known.add(name);
    return name;
  }

  /** Declares a graph input and returns its name. */
  input(name: string, type: ElementType, shape: readonly Dimension[]): string {
    this.inputs.push(valueInfo(this.define(name), type, shape));
    return name;
  }

  /** Declares that a value, already made, is a graph output under its own name. */
  output(name: string, type: ElementType, shape: readonly Dimension[]): void {
    this.requireKnown(name, "output");
    this.outputs.push(valueInfo(name, type, shape));
  }

  /** States the type and shape of an inner value, for readers of the graph. */
  valueInfo(name: string, type: ElementType, shape: readonly Dimension[]): void {
    this.infos.push(valueInfo(name, type, shape));
  }

  /**
   * Adds a weight under a name of its own and returns that name. The bytes are not copied: leave the array
   * unchanged until {@link build}.
   * @param options.external - keep the bytes in the data file beside the model (a protobuf ends at 2 GB).
   */
  initializer<T extends ElementType>(
    name: string,
    type: T,
    shape: readonly number[],
    data: ElementArrays[T],
    options: { external?: boolean } = {},
  ): string {
    if (!holds(type, data) || data.length !== sizeOf(shape)) {
      throw new Error(
        `graph ${this.name}: initializer ${name} is ${describe(type, shape)} but its data is ${describe(data.constructor.name, [data.length])}`,
      );
    }
    const tensor = create(TensorProtoSchema, {
      name: this.define(name),
      dataType: ONNX_TYPE[type],
      dims: shape.map(BigInt),
    });
    if (options.external) this.external.push({ tensor, bytes: bytesOf(data) });
    else tensor.rawData = bytesOf(data);
    this.initializers.push(tensor);
    return name;
  }

  /** A small constant; equal constants share one initializer, so its name is the builder's choice. */
  constant(type: ElementType, shape: readonly number[], values: readonly number[]): string {
    // -0 and 0 print alike but are different constants (1/x tells them apart).
    const key = `${describe(type, shape)}:${values.map((v) => (Object.is(v, -0) ? "-0" : v)).join(",")}`;
    let name = this.shared.get(key);
    if (name === undefined) {
      name = this.initializer(this.fresh("c"), type, shape, arrayOf(type, values));
      this.shared.set(key, name);
    }
    return name;
  }

  /** A shape, axes or split sizes: int64 of rank 1. */
  shape(values: readonly number[]): string {
    return this.constant("int64", [values.length], values);
  }

  /** Adds a node with one output and returns that output's name. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    options: NodeOptions = {},
  ): string {
    return this.append(op, inputs, attributes, options.outputs ?? [this.fresh()], options.domain)[0];
  }

  /** Adds a node with `count` outputs (or the named ones) and returns their names. */
  nodeWithOutputs(
    op: string,
    inputs: readonly string[],
    outputs: number | readonly string[],
    attributes: Attributes = {},
    domain?: string,
  ): string[] {
    const names = typeof outputs === "number" ? Array.from({ length: outputs }, () => this.fresh()) : outputs;
    return this.append(op, inputs, attributes, names, domain);
  }

  private append(
    opType: string,
    input: readonly string[],
    attributes: Attributes,
    output: readonly string[],
    domain = "",
  ): string[] {
    for (const name of input) this.requireKnown(name, opType);
    if (domain !== "" && !(domain in this.domains)) {
      throw new Error(
        `graph ${this.name}: ${opType} is of the domain ${domain}, which the graph does not name`,
      );
    }
    for (const name of output) if (name !== "") this.define(name);
    this.nodes.push(
      create(NodeProtoSchema, {
        opType,
        domain,
        input: [...input],
        output: [...output],
        attribute: encodeAttributes(attributes),
      }),
    );
    return [...output];
  }

  private requireKnown(name: string, user: string): void {
    if (name !== "" && !this.known.has(name)) {
      throw new Error(`graph ${this.name}: ${user} uses the value ${name}, which nothing has made yet`);
    }
  }

  /**
   * The finished model.
   * @param options.dataFile - name of the data file that external initializers lie in, as the model refers to it.
   */
  build(options: { dataFile?: string } = {}): BuiltModel {
    const external = this.placeExternal(options.dataFile ?? "model.onnx_data");
    const opsets = Object.entries({ "": this.opset, ...this.domains });
    const model: ModelProto = create(ModelProtoSchema, {
      irVersion: 10n,
      producerName: "llmrec-bench",
      opsetImport: opsets.map(([domain, version]) => ({ domain, version: BigInt(version) })),
      graph: {
        name: this.name,
        node: this.nodes,
        initializer: this.initializers,
        input: this.inputs,
        output: this.outputs,
        valueInfo: this.infos,
      },
    });
    return { model: toBinary(ModelProtoSchema, model), external };
  }

  private placeExternal(location: string): ExternalTensor[] {
    let end = 0;
    return this.external.map(({ tensor, bytes }) => {
      const offset = Math.ceil(end / EXTERNAL_ALIGNMENT) * EXTERNAL_ALIGNMENT;
      end = offset + bytes.byteLength;
      tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
      tensor.externalData = [
        { key: "location", value: location },
        { key: "offset", value: String(offset) },
        { key: "length", value: String(bytes.byteLength) },
      ].map((entry) => ({ $typeName: "onnx.StringStringEntryProto" as const, ...entry }));
      return { name: tensor.name, offset, bytes };
    });
  }
}
