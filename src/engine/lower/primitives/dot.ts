import { sizeOf } from "../../onnx/element-types.js";
import { elementwise } from "../elementwise.js";
import type { Emitter, Value } from "../emitter.js";
import type { Lowering, Result, Rules } from "../lowering.js";
import { single } from "../lowering.js";
import { broadcastTo, castTo, NONE, physicalOrder, type View, viewInOrder } from "../view.js";
import { sumsDependOnThreads } from "../../run/thread-sums.js";
import { sum } from "./reduction.js";

/** The roles of the axes of sum(x * y, last axis): in both operands, in x alone, in y alone. */
interface Roles {
  readonly batch: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
}

function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

/** An operand as a stack of matrices. */
interface Matrices {
  readonly value: Value;
  /** Whether the matrices lie with their contracted axis first. */
  readonly contractedFirst: boolean;
}

/**
 * An operand as [batch..., free, contracted], or [batch..., contracted, free] if it lies so: then nothing moves.
 */
function matrices(
  emitter: Emitter,
  view: View,
  batch: readonly number[],
  free: readonly number[],
  contracted: number,
): Matrices {
  const sides = (axes: readonly number[]) => axes.map((axis) => view.value.shape[view.axes[axis]]);
  const batchSides = sides(batch);
  const rows = sizeOf(sides(free));
  const [depth] = sides([contracted]);
  if (free.length > 0 && sameList(physicalOrder(view), [...batch, contracted, ...free])) {
    return { value: emitter.reshape(view.value, [...batchSides, depth, rows]), contractedFirst: true };
  }
  const order = [...batch, ...free, contracted];
  const value = emitter.transpose(
    view.value,
    order.map((axis) => view.axes[axis]),
  );
  return { value: emitter.reshape(value, [...batchSides, rows, depth]), contractedFirst: false };
}

function transposeLast(emitter: Emitter, value: Value): Value {
  const rank = value.shape.length;
  const perm = value.shape.map((_, i) => i);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return emitter.transpose(value, perm);
}

function freeSide({ value, contractedFirst }: Matrices): number {
  return value.shape.at(contractedFirst ? -1 : -2)!;
}

/**
 * From this many columns on, moving the left matrices once costs less than the runtime's way of reading them
 * transposed.
 */
const WORTH_TRANSPOSING = 64;

/** x [..., m, k] times y [..., k, n]. */
function matMul({ emitter, fused }: Lowering, x: Matrices, y: Matrices, type: Result["type"]): Value {
  const [rows, columns] = [freeSide(x), freeSide(y)];
  const result = { type, shape: [...x.value.shape.slice(0, -2), rows, columns] };
  const canFuse = fused && type === "float32";
  const move = x.contractedFirst && (!canFuse || columns >= WORTH_TRANSPOSING);
  const left = move ? transposeLast(emitter, x.value) : x.value;
  const transA = Number(x.contractedFirst && !move);
  if (transA === 0 && y.contractedFirst) return emitter.emit("MatMul", [left, y.value], result);
  if (canFuse) {
    const attributes = { transA, transB: Number(!y.contractedFirst) };
    return emitter.emit("FusedMatMul", [left, y.value], result, attributes, "com.microsoft");
  }
  const right = y.contractedFirst ? y.value : transposeLast(emitter, y.value);
  return emitter.emit("MatMul", [left, right], result);
}

/**
 * Whether y x is the better way to x y: no matrix is then read transposed on the left, where the runtime is slow;
 * or, if one must be, it is the one with fewer rows. But above all the sums must not depend on the number of threads.
 */
function isBetterSwapped(x: Matrices, y: Matrices, depth: number): boolean {
  const [rows, columns] = [freeSide(x), freeSide(y)];
  if (sumsDependOnThreads(rows, columns, depth)) return true;
  if (sumsDependOnThreads(columns, rows, depth)) return false;
  return x.contractedFirst && (!y.contractedFirst || rows > columns);
}

function product(lowering: Lowering, x: View, y: View, { batch, left, right }: Roles, result: Result): View {
  const { emitter } = lowering;
  const contracted = x.shape.length - 1;
  const inMemory = (view: View, axes: readonly number[]) =>
    [...axes].sort((a, b) => view.axes[a] - view.axes[b]);
  // The larger operand keeps its layout.
  const leader = sizeOf(x.value.shape) >= sizeOf(y.value.shape) ? x : y;
  const stack = inMemory(leader, batch);
  const rows = inMemory(x, left);
  const columns = inMemory(y, right);
  const [a, b] = [
    matrices(emitter, x, stack, rows, contracted),
    matrices(emitter, y, stack, columns, contracted),
  ];
  const swap = isBetterSwapped(a, b, x.shape[contracted]);
  const value = swap ? matMul(lowering, b, a, result.type) : matMul(lowering, a, b, result.type);
  const order = swap ? [...stack, ...columns, ...rows] : [...stack, ...rows, ...columns];
  const side = (axis: number) => {
    const view = x.axes[axis] === NONE ? y : x;
    return view.value.shape[view.axes[axis]];
  };
  return viewInOrder(emitter, emitter.reshape(value, order.map(side)), order, result.shape);
}

/** sum(x * y) over the last axis, with broadcasting: every product of matrices of a traced program. */
function dot(lowering: Lowering, operands: readonly View[], result: Result): View {
  const { emitter } = lowering;
  const [a, b] = operands.map((view) => castTo(emitter, view, result.type));
  const rank = Math.max(a.shape.length, b.shape.length);
  const shape = Array.from({ length: rank }, (_, i) =>
    Math.max(...[a, b].map((view) => view.shape.at(i - rank) ?? 1)),
  );
  const [x, y] = [a, b].map((view) => broadcastTo(view, shape));
  const last = rank - 1;
  const axes = result.shape.map((_, axis) => axis);
  const left = axes.filter((axis) => x.axes[axis] !== NONE && y.axes[axis] === NONE);
  const right = axes.filter((axis) => x.axes[axis] === NONE && y.axes[axis] !== NONE);
  const batch = axes.filter((axis) => x.axes[axis] !== NONE && y.axes[axis] !== NONE);

  const xAlike = x.axes[last] === NONE;
  const yAlike = y.axes[last] === NONE;
  if (xAlike || yAlike) {
    // A factor that is the same along the contracted axis comes out of the sum.
    const one = { ...result, shape: result.shape };
    const drop = (view: View): View => ({
      ...view,
      shape: view.shape.slice(0, -1),
      axes: view.axes.slice(0, -1),
    });
    const summed = (view: View) => sum(emitter, view, [last], one);
    const factors = xAlike ? [drop(x), summed(y)] : [summed(x), drop(y)];
    return elementwise(emitter, "Mul", factors, result);
  }
  if (left.length === 0 && right.length === 0) {
    const products = elementwise(emitter, "Mul", [x, y], { type: result.type, shape });
    return sum(emitter, products, [last], result);
  }
  return product(lowering, x, y, { batch, left, right }, result);
}

/** Products of matrices. */
export const products: Rules = {
  dot: single((lowering, operands, _equation, result) => dot(lowering, operands, result)),
};
