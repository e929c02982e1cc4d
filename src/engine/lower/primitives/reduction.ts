import { ONNX_TYPE } from "../../onnx/element-types.js";
import { elementwise } from "../elementwise.js";
import type { Emitter } from "../emitter.js";
import type { Result, Rules } from "../lowering.js";
import { single } from "../lowering.js";
import { constantView, materialise, NONE, type View, viewOf } from "../view.js";

const OPERATION: Readonly<Record<string, string>> = {
  Add: "ReduceSum",
  Mul: "ReduceProd",
  Max: "ReduceMax",
  Min: "ReduceMin",
};

/** Reduces the axes that are in memory; the others are only counted. */
function reduceInMemory(emitter: Emitter, op: string, x: View, axes: readonly number[]): View {
  const gone = axes.map((axis) => x.axes[axis]).filter((physical) => physical !== NONE);
  const shape = x.shape.filter((_, axis) => !axes.includes(axis));
  const left = x.axes.filter((_, axis) => !axes.includes(axis));
  if (gone.length === 0) return { value: x.value, shape, axes: left };
  const { type, shape: base } = x.value;
  const sorted = [...gone].sort((a, b) => a - b);
  const value = emitter.emit(
    op,
    [x.value, emitter.integers(sorted)],
    { type, shape: base.filter((_, physical) => !gone.includes(physical)) },
    { keepdims: 0 },
  );
  const shift = (physical: number) => physical - gone.filter((other) => other < physical).length;
  return { value, shape, axes: left.map((physical) => (physical === NONE ? NONE : shift(physical))) };
}

/** The sum over some axes. An axis along which all elements are alike is a factor, not a loop. */
export function sum(emitter: Emitter, x: View, axes: readonly number[], result: Result): View {
  const alike = axes.filter((axis) => x.axes[axis] === NONE);
  const count = alike.reduce((product, axis) => product * x.shape[axis], 1);
  if (x.constant !== undefined) return constantView(emitter, result.type, result.shape, x.constant * count);
  const reduced = reduceInMemory(emitter, "ReduceSum", x, axes);
  if (count === 1) return reduced;
  return elementwise(emitter, "Mul", [reduced, constantView(emitter, result.type, [], count)], result);
}

/** Sums, products and extrema over axes. */
export const reduction: Rules = {
  reduce: single(({ emitter }, [x], equation, result) => {
    const { op, axis } = equation.params as { op: string; axis: readonly number[] };
    if (axis.length === 0) return x;
    if (result.type === "bool") {
      // Any, all: ONNX reduces no booleans.
      const number = { ...x, value: emitter.cast(x.value, "int32", ONNX_TYPE.int32) };
      const logical = { Add: "ReduceMax", Mul: "ReduceMin" }[op] ?? OPERATION[op];
      const reduced = reduceInMemory(emitter, logical, number, axis);
      return { ...reduced, value: emitter.cast(reduced.value, "bool", ONNX_TYPE.bool) };
    }
    if (op === "Add") return sum(emitter, x, axis, result);
    const hasAlike = axis.some((a) => x.axes[a] === NONE && x.shape[a] > 1);
    const operand = op === "Mul" && hasAlike ? viewOf(emitter, materialise(emitter, x), x.shape) : x;
    return reduceInMemory(emitter, OPERATION[op], operand, axis);
  }),
};
