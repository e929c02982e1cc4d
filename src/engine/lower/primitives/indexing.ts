import { ONNX_TYPE, sizeOf } from "../../onnx/element-types.js";
import { elementwise } from "../elementwise.js";
import type { Emitter } from "../emitter.js";
import type { Lowering, Result, Rules } from "../lowering.js";
import { single } from "../lowering.js";
import {
  arrange,
  broadcastTo,
  castTo,
  constantView,
  materialise,
  NONE,
  physicalOrder,
  type View,
  viewInOrder,
} from "../view.js";

interface Indexing {
  /** The axes that are indexed, one index array each. */
  readonly axis: readonly number[];
  /** Where among the remaining axes the axes of the indices go. */
  readonly outDim: number;
}

/** Several indexed axes as one: x[i, j] is x.flat[i * side + j]. */
function oneIndex(emitter: Emitter, indices: readonly View[], sides: readonly number[]): View {
  const shape = indices.reduce<readonly number[]>((wide, { shape: own }) => {
    const rank = Math.max(wide.length, own.length);
    return Array.from({ length: rank }, (_, i) => Math.max(wide.at(i - rank) ?? 1, own.at(i - rank) ?? 1));
  }, []);
  const result = { type: "int32" as const, shape };
  return indices
    .map((index) => broadcastTo(castTo(emitter, index, "int32"), shape))
    .reduce((flat, index, i) => {
      const side = constantView(emitter, "int32", [], sides[i]);
      return elementwise(emitter, "Add", [elementwise(emitter, "Mul", [flat, side], result), index], result);
    });
}

/** Axes moved to the front, in the order given, and made one. */
function mergeToFront(emitter: Emitter, x: View, axes: readonly number[]): View {
  if (axes.length === 1) return moveToFront(x, axes[0]);
  const rest = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const moved: View = {
    ...x,
    shape: [...axes, ...rest].map((axis) => x.shape[axis]),
    axes: [...axes, ...rest].map((axis) => x.axes[axis]),
  };
  const shape = [sizeOf(axes.map((axis) => x.shape[axis])), ...rest.map((axis) => x.shape[axis])];
  const value = emitter.reshape(materialise(emitter, moved), shape);
  return viewInOrder(
    emitter,
    value,
    shape.map((_, axis) => axis),
    shape,
  );
}

function moveToFront(x: View, axis: number): View {
  const order = [axis, ...x.shape.map((_, i) => i).filter((i) => i !== axis)];
  return { ...x, shape: order.map((i) => x.shape[i]), axes: order.map((i) => x.axes[i]) };
}

/** Rows of x, picked along its first axis: [indices..., rest...]. Broadcasts of either stay unwritten. */
function gatherRows(emitter: Emitter, x: View, index: View): View {
  const shape = [...index.shape, ...x.shape.slice(1)];
  const rest = x.axes.slice(1);
  const picked = x.axes[0];
  if (picked === NONE) return { ...x, shape, axes: [...index.shape.map(() => NONE), ...rest] };
  const { type, shape: base } = x.value;
  const indexSides = index.value.shape;
  const value = emitter.emit(
    "Gather",
    [x.value, index.value],
    { type, shape: [...base.slice(0, picked), ...indexSides, ...base.slice(picked + 1)] },
    { axis: picked },
  );
  const grown = indexSides.length - 1;
  const axes = [
    ...index.axes.map((physical) => (physical === NONE ? NONE : physical + picked)),
    ...rest.map((physical) => (physical === NONE || physical < picked ? physical : physical + grown)),
  ];
  return { value, shape, axes };
}

function gather({ emitter }: Lowering, operands: readonly View[], { axis, outDim }: Indexing): View {
  const [x, ...indices] = operands;
  const index = oneIndex(
    emitter,
    indices,
    axis.map((a) => x.shape[a]),
  );
  const rows = gatherRows(emitter, mergeToFront(emitter, x, axis), index);
  // The axes of the indices, now first, go behind `outDim` of the others.
  const width = index.shape.length;
  const rest = rows.shape.map((_, i) => i).slice(width);
  const order = [...rest.slice(0, outDim), ...index.shape.map((_, i) => i), ...rest.slice(outDim)];
  return { ...rows, shape: order.map((i) => rows.shape[i]), axes: order.map((i) => rows.axes[i]) };
}

/**
 * Adds rows into a table of zeros. ONNX Runtime's ScatterND loses updates when indices repeat and there is more
 * than one thread; ScatterElements adds them in order, so its sums are right and the same on every run.
 */
function scatter(
  { emitter }: Lowering,
  operands: readonly View[],
  { axis, outDim }: Indexing,
  result: Result,
): View {
  const [updates, ...indices] = operands;
  const sides = axis.map((a) => result.shape[a]);
  const index = oneIndex(emitter, indices, sides);
  const width = index.shape.length;
  const others = updates.shape.map((_, i) => i).filter((i) => i < outDim || i >= outDim + width);
  const order = [...index.shape.map((_, i) => outDim + i), ...others];
  const rest = others.map((i) => updates.shape[i]);
  const count = sizeOf(index.shape);
  const columns = sizeOf(rest);
  const moved: View = {
    ...updates,
    shape: order.map((i) => updates.shape[i]),
    axes: order.map((i) => updates.axes[i]),
  };
  const rows = emitter.reshape(materialise(emitter, moved), [count, columns]);
  const flatIndex = emitter.reshape(materialise(emitter, index), [count, 1]);
  const wide = emitter.cast(flatIndex, "int64", ONNX_TYPE.int64);
  const tableShape = [sizeOf(sides), columns];
  const zero = emitter.constant(result.type, [1, 1], [0]);
  const table = emitter.emit(
    "ScatterElements",
    [emitter.expand(zero, tableShape), columns === 1 ? wide : emitter.expand(wide, [count, columns]), rows],
    { type: result.type, shape: tableShape },
    { axis: 0, reduction: "add" },
  );
  const logical = [...axis, ...result.shape.map((_, i) => i).filter((i) => !axis.includes(i))];
  const value = emitter.reshape(
    table,
    logical.map((i) => result.shape[i]),
  );
  return viewInOrder(emitter, value, logical, result.shape);
}

/** The last axis sorted upwards, with the places the elements came from; among equals the first stays first. */
function sortLast(emitter: Emitter, x: View): { values: View; places: View } {
  const order = [...physicalOrder(x).filter((axis) => axis !== x.shape.length - 1), x.shape.length - 1];
  const length = x.shape[x.shape.length - 1];
  const input = arrange(emitter, x, order);
  if (input.shape[input.shape.length - 1] !== length) {
    // All elements of the axis are alike: they are sorted as they stand.
    const places = emitter.constant(
      "int32",
      [length],
      Array.from({ length }, (_, i) => i),
    );
    return { values: x, places: viewInOrder(emitter, places, [x.shape.length - 1], x.shape) };
  }
  const [values, places] = emitter.emitMany(
    "TopK",
    [input, emitter.integers([length])],
    [input, { type: "int64", shape: input.shape }],
    { axis: input.shape.length - 1, largest: 0, sorted: 1 },
  );
  return {
    values: viewInOrder(emitter, values, order, x.shape),
    places: viewInOrder(emitter, emitter.cast(places, "int32", ONNX_TYPE.int32), order, x.shape),
  };
}

/** Picking, adding and sorting by index. */
export const indexing: Rules = {
  gather: single((lowering, operands, equation) =>
    gather(lowering, operands, equation.params as unknown as Indexing),
  ),
  scatter: single((lowering, operands, equation, result) => {
    if (equation.params.op !== "add") throw new Error("scatter that overwrites is not lowered");
    return scatter(lowering, operands, equation.params as unknown as Indexing, result);
  }),
  sort: ({ emitter }, [x]) => [sortLast(emitter, x).values],
  argsort: ({ emitter }, [x]) => {
    const { values, places } = sortLast(emitter, x);
    return [values, places];
  },
};
