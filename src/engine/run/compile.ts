import type { numpy as np } from "@jax-js/jax";
import type { InferenceSession, Tensor as RuntimeTensor } from "onnxruntime-node";
import { lower } from "../lower/lower.js";
import { isFused } from "../lower/primitives/fused.js";
import { removeDeadCode } from "../trace/jaxpr.js";
import { splitRows } from "../trace/split-rows.js";
import { initTracing, type Spec, trace, type TracedProgram } from "../trace/trace.js";
import { requireMemory } from "./memory.js";
import { deviceOf, type DeviceOptions, loadRuntime, openSession } from "./providers.js";
import { describeSpec, specOf, type Tensor } from "./tensor.js";

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;
/** Types and shapes by name. */
export type Specs = Readonly<Record<string, Spec>>;

export interface CompileOptions extends DeviceOptions {
  /** Names the graph in errors and profiles. */
  name?: string;
  /** Bytes that a run may take; default: what is free when the function is compiled. */
  memoryLimit?: number;
}

/**
 * Outputs that may come in parts, because they are tables into which rows are added. An output N then comes as N
 * (the part that is a whole table, if there is one) and for k = 0, 1 ... as `rows.k:N` [..., width] with the rows'
 * numbers `index.k:N` [...].
 */
export type MayComeAsRows = (output: string) => boolean;

/** The names of the rows and of their numbers. */
export const rowsName = (output: string, k: number): string => `rows.${k}:${output}`;
export const indexName = (output: string, k: number): string => `index.${k}:${output}`;

// Inputs and outputs share one space of names in a graph, while a state is an input and an output under one name.
const INPUT = "in:";
const OUTPUT = "out:";

/** A function of named arrays, compiled for one set of shapes. */
export class Compiled {
  constructor(
    private readonly session: InferenceSession,
    private readonly runtime: typeof import("onnxruntime-node"),
    readonly name: string,
    readonly inputs: Specs,
    readonly outputs: Specs,
    /** The model in ONNX's format, for those who want to look at it or run it elsewhere. */
    readonly model: Uint8Array,
    /** Estimated bytes of a run at its peak, without its inputs. */
    readonly peakBytes: number,
  ) {}

  /**
   * Runs the graph. Nothing is copied on the way in. The event loop stands still meanwhile, so a run should last
   * under a second.
   * @param into - tensors to write outputs into, by name; other outputs come in new arrays. None may share memory
   * with
   * an input: the runtime reads inputs while it writes outputs, and the result would be silently wrong.
   * @returns all outputs; those of `into` are the given tensors.
   */
  async run(inputs: Tensors, into: Tensors = {}): Promise<Record<string, Tensor>> {
    const feeds: Record<string, RuntimeTensor> = {};
    for (const [name, spec] of Object.entries(this.inputs)) {
      feeds[INPUT + name] = this.wrap(name, inputs[name], spec, "input");
    }
    const fetches: Record<string, RuntimeTensor | null> = {};
    for (const name of Object.keys(this.outputs)) fetches[OUTPUT + name] = null;
    const read = Object.keys(this.inputs).map((name) => inputs[name].data);
    for (const [name, tensor] of Object.entries(into)) {
      fetches[OUTPUT + name] = this.wrap(name, tensor, this.outputs[name], "output");
      if (read.some((data) => overlap(data, tensor.data))) {
        throw new Error(`${this.name}: the output ${name} shares memory with an input`);
      }
    }
    const results = await this.session.run(feeds, fetches);
    const outputs: Record<string, Tensor> = {};
    for (const [name, { shape }] of Object.entries(this.outputs)) {
      outputs[name] = into[name] ?? { shape, data: results[OUTPUT + name].data as Float32Array | Int32Array };
    }
    return outputs;
  }

  private wrap(
    name: string,
    tensor: Tensor | undefined,
    spec: Spec | undefined,
    role: "input" | "output",
  ): RuntimeTensor {
    if (spec === undefined) throw new Error(`${this.name} has no ${role} ${name}`);
    if (tensor === undefined) throw new Error(`${this.name}: the ${role} ${name} is missing`);
    const given = specOf(tensor);
    if (describeSpec(given) !== describeSpec(spec)) {
      throw new ShapeError(`${this.name}: ${name} is ${describeSpec(given)}, expected ${describeSpec(spec)}`);
    }
    const { Tensor: Runtime } = this.runtime;
    return new Runtime(spec.type, tensor.data as never, spec.shape);
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

function overlap(a: Tensor["data"], b: Tensor["data"]): boolean {
  if (a.buffer !== b.buffer || a.length === 0 || b.length === 0) return false;
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}

/** An array of another type or shape than the program was made for; the message names it and gives both. */
export class ShapeError extends TypeError {
  override name = "ShapeError";
}

/** How many arrays an error lists. */
const LISTED = 24;

/** What the library says of a mismatch names no array: this adds the arrays with their shapes. */
function traceError(name: string, inputs: Specs, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const arrays = Object.entries(inputs).map(([input, spec]) => `${input} ${describeSpec(spec)}`);
  const more = arrays.length > LISTED ? ` and ${arrays.length - LISTED} more` : "";
  return new Error(`${name}: ${reason} (with ${arrays.slice(0, LISTED).join(", ")}${more})`, { cause });
}

/** Microsoft's fused matrix product runs on these; elsewhere the graph keeps to ONNX's own operators. */
const FUSED_PROVIDERS = ["cpu", "cuda"];

/**
 * Traces, lowers and compiles a function of named arrays for the given types and shapes.
 * @throws UsageError `OUT_OF_MEMORY` where a run would not fit; an error with all shapes where the function can't
 * be traced.
 */
export async function compile(
  fn: (inputs: Readonly<Record<string, np.Array>>) => Readonly<Record<string, np.Array>>,
  inputs: Specs,
  options: CompileOptions = {},
  mayComeAsRows: MayComeAsRows = () => false,
): Promise<Compiled> {
  const name = options.name ?? "program";
  await initTracing();
  const { traced, outputNames } = traceNamed(name, fn, inputs, mayComeAsRows);
  const outputs: Record<string, Spec> = {};
  traced.program.outputs.forEach(({ aval }, i) => {
    const type = aval.dtype as string;
    if (type !== "float32" && type !== "int32") {
      throw new TypeError(`${name}: the output ${outputNames[i]} is ${type}; cast it to float32 or int32`);
    }
    outputs[outputNames[i]] = { type, shape: aval.shape };
  });
  const { graph, peakBytes } = lower(traced, {
    name,
    fused: FUSED_PROVIDERS.includes(deviceOf(options).provider),
    inputNames: Object.keys(inputs).map((input) => INPUT + input),
    outputNames: outputNames.map((output) => OUTPUT + output),
  });
  requireMemory(`a run of ${name}`, peakBytes, options.memoryLimit);
  const { model } = graph.build();
  // The next level would put each transpose back into its product, which takes up to half as long again.
  const session = await openSession(model, options, "basic");
  return new Compiled(session, await loadRuntime(), name, inputs, outputs, model, peakBytes);
}

function traceNamed(
  name: string,
  fn: (inputs: Readonly<Record<string, np.Array>>) => Readonly<Record<string, np.Array>>,
  inputs: Specs,
  mayComeAsRows: MayComeAsRows,
): { traced: TracedProgram; outputNames: readonly string[] } {
  const inputNames = Object.keys(inputs);
  let names: string[] = [];
  const named = (arrays: readonly np.Array[]) => {
    const results = fn(Object.fromEntries(inputNames.map((input, i) => [input, arrays[i]])));
    names = Object.keys(results);
    return Object.values(results);
  };
  let traced: TracedProgram;
  try {
    traced = trace(named, Object.values(inputs), isFused);
  } catch (cause) {
    throw traceError(name, inputs, cause);
  }
  const { program, splits } = splitRows(traced.program, names.map(mayComeAsRows));
  const outputNames = names.flatMap((output, i) => {
    const split = splits[i];
    if (split === undefined) return [output];
    const pairs = Array.from({ length: split.scatters }, (_, k) => [
      rowsName(output, k),
      indexName(output, k),
    ]);
    return [...(split.dense ? [output] : []), ...pairs.flat()];
  });
  return { traced: { ...traced, program: removeDeadCode(program) }, outputNames };
}
