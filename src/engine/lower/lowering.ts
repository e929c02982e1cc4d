import type { ElementType } from "../onnx/element-types.js";
import type { Atom, Equation } from "../trace/jaxpr.js";
import type { Emitter } from "./emitter.js";
import type { View } from "./view.js";

/** What a primitive's lowering works with. */
export interface Lowering {
  readonly emitter: Emitter;
  /** Whether the runtime that will run the graph has Microsoft's fused operators for it (the CPU does). */
  readonly fused: boolean;
  /** Values made by negating another: `negated.get(-x) = x`, by name. */
  readonly negated: Map<string, string>;
}

/** What the traced program says of an equation's results. */
export interface Result {
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/** Lowers one equation: its operands and parameters as nodes, its results as views. */
export type Rule = (
  lowering: Lowering,
  operands: readonly View[],
  equation: Equation,
  results: readonly Result[],
) => readonly View[];

/** The primitives of one kind, by name. */
export type Rules = Readonly<Record<string, Rule>>;

/** Most primitives have one result. */
export function single(
  lower: (lowering: Lowering, operands: readonly View[], equation: Equation, result: Result) => View,
): Rule {
  return (lowering, operands, equation, results) => [lower(lowering, operands, equation, results[0])];
}

export function resultOf({ aval }: Atom): Result {
  return { type: aval.dtype as ElementType, shape: aval.shape };
}
