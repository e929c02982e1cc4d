import { ONNX_TYPE } from "../../onnx/element-types.js";
import { elementwise } from "../elementwise.js";
import type { Lowering, Result, Rules } from "../lowering.js";
import { single } from "../lowering.js";
import { broadcastTo, castTo, constantView, type View } from "../view.js";

function sameElements(a: View, b: View): boolean {
  return a.axes.length === b.axes.length && a.axes.every((axis, i) => axis === b.axes[i]);
}

/** Whether one operand is the other, negated: x - x, which is how a form with its own gradient hides its value's. */
function cancels({ negated }: Lowering, a: View, b: View): boolean {
  if (!sameElements(a, b)) return false;
  return negated.get(a.value.name) === b.value.name || negated.get(b.value.name) === a.value.name;
}

function cast({ emitter }: Lowering, operands: readonly View[], { type }: Result): View[] {
  return operands.map((view) => castTo(emitter, view, type));
}

function add(lowering: Lowering, operands: readonly View[], result: Result): View {
  const { emitter } = lowering;
  const [a, b] = cast(lowering, operands, result);
  if (result.type === "bool") return elementwise(emitter, "Or", [a, b], result);
  if (a.constant !== undefined && b.constant !== undefined) {
    return constantView(emitter, result.type, result.shape, a.constant + b.constant);
  }
  if (a.constant === 0) return broadcastTo(b, result.shape);
  if (b.constant === 0) return broadcastTo(a, result.shape);
  if (cancels(lowering, a, b)) return constantView(emitter, result.type, result.shape, 0);
  return elementwise(emitter, "Add", [a, b], result);
}

/** 0 * x is 0 even where x is NaN or infinite: the zeros are those of differentiation, which mean "does not depend". */
function multiply(lowering: Lowering, operands: readonly View[], result: Result): View {
  const { emitter } = lowering;
  const [a, b] = cast(lowering, operands, result);
  if (result.type === "bool") return elementwise(emitter, "And", [a, b], result);
  if (a.constant !== undefined && b.constant !== undefined) {
    return constantView(emitter, result.type, result.shape, a.constant * b.constant);
  }
  if (a.constant === 0 || b.constant === 0) return constantView(emitter, result.type, result.shape, 0);
  if (a.constant === 1) return broadcastTo(b, result.shape);
  if (b.constant === 1) return broadcastTo(a, result.shape);
  return elementwise(emitter, "Mul", [a, b], result);
}

function negate(lowering: Lowering, x: View, result: Result): View {
  const { emitter, negated } = lowering;
  if (x.constant !== undefined) return constantView(emitter, result.type, result.shape, -x.constant);
  const y = elementwise(emitter, "Neg", [x], result);
  negated.set(y.value.name, x.value.name);
  return y;
}

/** C's rule: the quotient is cut towards 0. */
function truncatedQuotient(lowering: Lowering, operands: readonly View[], result: Result): View {
  const { emitter } = lowering;
  const quotient = elementwise(emitter, "Div", cast(lowering, operands, result), result);
  if (result.type !== "float32") return quotient;
  const zero = constantView(emitter, result.type, [], 0);
  const isNegative = elementwise(emitter, "Less", [quotient, zero], { ...result, type: "bool" });
  const up = elementwise(emitter, "Ceil", [quotient], result);
  const down = elementwise(emitter, "Floor", [quotient], result);
  return elementwise(emitter, "Where", [isNegative, up, down], result);
}

const extremum = (op: "Min" | "Max", logic: "And" | "Or") =>
  single((lowering, operands, _equation, result) =>
    elementwise(
      lowering.emitter,
      result.type === "bool" ? logic : op,
      cast(lowering, operands, result),
      result,
    ),
  );

const unary = (op: string) =>
  single(({ emitter }, [x], _equation, result) => elementwise(emitter, op, [x], result));

/** Arithmetic on each element. */
export const arithmetic: Rules = {
  add: single((lowering, operands, _equation, result) => add(lowering, operands, result)),
  mul: single((lowering, operands, _equation, result) => multiply(lowering, operands, result)),
  neg: single((lowering, [x], _equation, result) => negate(lowering, x, result)),
  idiv: single((lowering, operands, _equation, result) => truncatedQuotient(lowering, operands, result)),
  // C's rule: the remainder has the sign of the dividend.
  mod: single((lowering, operands, _equation, result) =>
    elementwise(lowering.emitter, "Mod", cast(lowering, operands, result), result, { fmod: 1 }),
  ),
  min: extremum("Min", "And"),
  max: extremum("Max", "Or"),
  reciprocal: single(({ emitter }, [x], _equation, result) =>
    x.constant === undefined
      ? elementwise(emitter, "Reciprocal", [x], result)
      : constantView(emitter, result.type, result.shape, 1 / x.constant),
  ),
  floor: unary("Floor"),
  ceil: unary("Ceil"),
  sin: unary("Sin"),
  cos: unary("Cos"),
  asin: unary("Asin"),
  atan: unary("Atan"),
  exp: unary("Exp"),
  log: unary("Log"),
  sqrt: unary("Sqrt"),
  erf: unary("Erf"),
  erfc: single(({ emitter }, [x], _equation, result) => {
    const erf = elementwise(emitter, "Erf", [x], result);
    return elementwise(emitter, "Sub", [constantView(emitter, result.type, [], 1), erf], result);
  }),
  stop_gradient: single((_lowering, [x]) => x),
  cast: single(({ emitter }, [x], _equation, result) => castTo(emitter, x, result.type)),
  bitcast: single(({ emitter }, [x], equation, result) => {
    const integers = ["int32", "uint32"];
    if (x.value.type === result.type) return x;
    if (!integers.includes(x.value.type) || !integers.includes(result.type)) {
      throw new Error(`ONNX can't read the bits of ${x.value.type} as ${result.type}`);
    }
    return { ...x, constant: undefined, value: emitter.cast(x.value, result.type, ONNX_TYPE[result.type]) };
  }),
};
