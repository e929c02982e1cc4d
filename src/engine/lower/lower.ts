import { describe, type ElementType } from "../onnx/element-types.js";
import { GraphBuilder } from "../onnx/graph-builder.js";
import type { Atom, Constant, Equation } from "../trace/jaxpr.js";
import { isLiteral } from "../trace/jaxpr.js";
import type { TracedProgram } from "../trace/trace.js";
import { Emitter } from "./emitter.js";
import { type Lowering, type Result, resultOf, type Rules } from "./lowering.js";
import { arithmetic } from "./primitives/arithmetic.js";
import { calls } from "./primitives/fused.js";
import { convolution } from "./primitives/convolution.js";
import { products } from "./primitives/dot.js";
import { indexing } from "./primitives/indexing.js";
import { logic } from "./primitives/logic.js";
import { movement } from "./primitives/movement.js";
import { reduction } from "./primitives/reduction.js";
import { constantView, materialise, type View, viewOf } from "./view.js";

const RULES: Rules = {
  ...arithmetic,
  ...logic,
  ...movement,
  ...reduction,
  ...products,
  ...indexing,
  ...convolution,
  ...calls,
};

/** What to do about the primitives that a model is most likely to meet without a lowering. */
const HINTS: Readonly<Record<string, string>> = {
  random_bits: "random numbers come from the host: make the dropout mask an input of the program",
  pool: "write the window as slices",
  bit_shift: "do it in the host's integers",
};

/** A lowered program: the graph, and the memory that running it takes beside its inputs. */
export interface LoweredProgram {
  readonly graph: GraphBuilder;
  readonly peakBytes: number;
}

export interface LowerOptions {
  readonly name: string;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Use Microsoft's fused operators (the CPU has them). */
  readonly fused: boolean;
}

/** An array that the function closed over, as a constant of the graph. */
function constantOf(emitter: Emitter, constant: Constant): View {
  const { shape, dtype } = constant.aval;
  const type = dtype as ElementType;
  const array = (constant as unknown as { ref: { dataSync(): Float32Array | Int32Array } }).ref.dataSync();
  const [first] = array;
  if (array.every((element) => Object.is(element, first))) return constantView(emitter, type, shape, first);
  return viewOf(emitter, emitter.data(type, shape, type === "bool" ? Uint8Array.from(array) : array), shape);
}

function lowerEquation(lowering: Lowering, equation: Equation, operands: readonly View[]): readonly View[] {
  const { primitive, inputs, outBinders } = equation;
  const rule = RULES[primitive] as (typeof RULES)[string] | undefined;
  const text = () => inputs.map(({ aval }) => describe(aval.dtype, aval.shape)).join(", ");
  if (rule === undefined) {
    const hint = primitive in HINTS ? `: ${HINTS[primitive]}` : "";
    throw new Error(`the primitive ${primitive}(${text()}) has no lowering to ONNX${hint}`);
  }
  const results: Result[] = outBinders.map(resultOf);
  try {
    const views = rule(lowering, operands, equation, results);
    views.forEach((view, i) => {
      checkView(view, results[i]);
    });
    return views;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`can't lower ${primitive}(${text()}): ${reason}`, { cause });
  }
}

/** A rule that returns another type or shape than the traced program has is a fault of ours: better here than in a result. */
function checkView({ value, shape, axes }: View, result: Result): void {
  const fits =
    value.type === result.type &&
    shape.length === result.shape.length &&
    axes.length === shape.length &&
    shape.every((side, i) => side === result.shape[i]) &&
    axes.every((axis, i) => axis === -1 || value.shape[axis] === shape[i]);
  if (!fits) {
    throw new Error(
      `expected ${describe(result.type, result.shape)}, made ${describe(value.type, shape)} over [${value.shape.join(", ")}] by [${axes.join(", ")}]`,
    );
  }
}

/** A traced program as one ONNX graph. Its inputs and outputs lie in their logical order and have the names given. */
export function lower({ program, constants }: TracedProgram, options: LowerOptions): LoweredProgram {
  const graph = new GraphBuilder(options.name);
  const emitter = new Emitter();
  const lowering: Lowering = { emitter, fused: options.fused, negated: new Map() };
  const views = new Map<Atom, View>();
  const wanted = new Set<Atom>([...program.equations.flatMap(({ inputs }) => inputs), ...program.outputs]);

  program.inputs.forEach((variable, i) => {
    if (i < constants.length) {
      if (wanted.has(variable)) views.set(variable, constantOf(emitter, constants[i]));
      return;
    }
    const { type, shape } = resultOf(variable);
    const name = graph.input(options.inputNames[i - constants.length], type, shape);
    views.set(variable, viewOf(emitter, { name, type, shape }, shape));
  });
  const viewOfAtom = (atom: Atom): View => {
    if (isLiteral(atom)) return constantView(emitter, atom.aval.dtype as ElementType, [], atom.value);
    const view = views.get(atom);
    if (view === undefined) throw new Error("the traced program uses a variable before it is made");
    return view;
  };
  for (const equation of program.equations) {
    const results = lowerEquation(lowering, equation, equation.inputs.map(viewOfAtom));
    equation.outBinders.forEach((variable, i) => views.set(variable, results[i]));
  }
  const outputs = program.outputs.map((atom, i) => ({
    name: options.outputNames[i],
    value: materialise(emitter, viewOfAtom(atom)),
  }));
  return { graph, ...emitter.write(graph, outputs) };
}
