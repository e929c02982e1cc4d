import type { ElementType } from "../../onnx/element-types.js";
import { elementwise } from "../elementwise.js";
import type { Rules } from "../lowering.js";
import { single } from "../lowering.js";
import { broadcastTo, castTo, type View } from "../view.js";

/** From weakest to strongest: where types meet, the stronger one wins. */
const STRENGTH: readonly ElementType[] = ["bool", "uint32", "int32", "float16", "float32"];

function stronger(a: ElementType, b: ElementType): ElementType {
  return STRENGTH.indexOf(a) > STRENGTH.indexOf(b) ? a : b;
}

/** The type in which two operands are compared. A bare number of the model's code is weak: it takes the other's type. */
function commonType(operands: readonly View[], weak: readonly boolean[]): ElementType {
  const [a, b] = operands.map(({ value }) => value.type);
  if (weak[0] === weak[1]) return stronger(a, b);
  return stronger(weak[0] ? b : a, "uint32");
}

const COMPARISON: Readonly<Record<string, { op: string; negate?: boolean }>> = {
  less: { op: "Less" },
  less_equal: { op: "LessOrEqual" },
  equal: { op: "Equal" },
  not_equal: { op: "Equal", negate: true },
};

/** Comparison and choice. */
export const logic: Rules = {
  compare: single(({ emitter }, operands, equation, result) => {
    const { op, negate } = COMPARISON[equation.params.op as string];
    const weak = equation.inputs.map(({ aval }) => aval.weakType);
    const type = commonType(operands, weak);
    // ONNX has no order on booleans.
    const comparable = type === "bool" ? "int32" : type;
    const compared = elementwise(
      emitter,
      op,
      operands.map((view) => castTo(emitter, view, comparable)),
      result,
    );
    return negate ? elementwise(emitter, "Not", [compared], result) : compared;
  }),
  where: single(({ emitter }, [condition, yes, no], _equation, result) => {
    const [a, b] = [yes, no].map((view) => castTo(emitter, view, result.type));
    if (condition.constant !== undefined) return broadcastTo(condition.constant === 0 ? b : a, result.shape);
    return elementwise(emitter, "Where", [condition, a, b], result);
  }),
  bit_combine: single(({ emitter }, operands, equation, result) => {
    const name = { and: "And", or: "Or", xor: "Xor" }[equation.params.op as "and" | "or" | "xor"];
    const op = result.type === "bool" ? name : `Bitwise${name}`;
    return elementwise(
      emitter,
      op,
      operands.map((view) => castTo(emitter, view, result.type)),
      result,
    );
  }),
};
