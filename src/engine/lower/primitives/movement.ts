import type { Emitter } from "../emitter.js";
import type { Lowering, Rules } from "../lowering.js";
import { single } from "../lowering.js";
import { reshapeView } from "../reshape.js";
import {
  arrange,
  castTo,
  constantView,
  NONE,
  physicalOrder,
  physicalSide,
  realise,
  type View,
  viewInOrder,
} from "../view.js";

type Pair = readonly [number, number];

function shrink(emitter: Emitter, x: View, slice: readonly Pair[]): View {
  const shape = slice.map(([from, to]) => to - from);
  const order = physicalOrder(x);
  const cut = order.filter((axis) => shape[axis] !== x.shape[axis]);
  if (cut.length === 0) return { ...x, shape };
  const value = emitter.emit(
    "Slice",
    [
      x.value,
      emitter.integers(cut.map((axis) => slice[axis][0])),
      emitter.integers(cut.map((axis) => slice[axis][1])),
      emitter.integers(cut.map((axis) => x.axes[axis])),
    ],
    { type: x.value.type, shape: order.map((axis) => shape[axis]) },
  );
  return viewInOrder(emitter, value, order, shape);
}

function pad(emitter: Emitter, x: View, width: readonly Pair[]): View {
  const shape = x.shape.map((side, axis) => side + width[axis][0] + width[axis][1]);
  const padded = x.shape.map((_, axis) => axis).filter((axis) => shape[axis] !== x.shape[axis]);
  if (padded.length === 0) return x;
  if (x.constant === 0) return constantView(emitter, x.value.type, shape, 0);
  let dense = x;
  for (const axis of padded) dense = realise(emitter, dense, axis);
  const order = [...new Set([...physicalOrder(dense), ...padded])];
  const sides = order.map((axis) =>
    physicalSide(dense, axis) === 1 && !padded.includes(axis) ? 1 : shape[axis],
  );
  const value = emitter.emit(
    "Pad",
    [
      arrange(emitter, dense, order),
      emitter.integers([...order.map((axis) => width[axis][0]), ...order.map((axis) => width[axis][1])]),
    ],
    { type: x.value.type, shape: sides },
  );
  return viewInOrder(emitter, value, order, shape);
}

function flip(emitter: Emitter, x: View, axes: readonly number[]): View {
  const real = axes.filter((axis) => x.axes[axis] !== NONE);
  if (real.length === 0) return x;
  const value = emitter.emit(
    "Slice",
    [
      x.value,
      emitter.integers(real.map(() => -1)),
      // One before the first element, counted from the end: -1 itself would mean the last.
      emitter.integers(real.map((axis) => -x.shape[axis] - 1)),
      emitter.integers(real.map((axis) => x.axes[axis])),
      emitter.integers(real.map(() => -1)),
    ],
    x.value,
  );
  return { ...x, value };
}

function concatenate(
  { emitter }: Lowering,
  parts: readonly View[],
  axis: number,
  shape: readonly number[],
): View {
  const rank = shape.length;
  const largest = parts.reduce((a, b) => (b.value.shape.length > a.value.shape.length ? b : a));
  const others = Array.from({ length: rank }, (_, i) => i).filter(
    (other) => other !== axis && parts.some((part) => part.axes[other] !== NONE),
  );
  const wanted = physicalOrder(largest).filter((other) => other === axis || others.includes(other));
  const order = [...wanted, ...[axis, ...others].filter((other) => !wanted.includes(other))];
  const inputs = parts.map((part) => {
    const value = arrange(emitter, part, order);
    const sides = order.map((other) => part.shape[other]);
    return sides.every((side, i) => side === value.shape[i]) ? value : emitter.expand(value, sides);
  });
  const sides = order.map((other) => shape[other]);
  const type = inputs[0].type;
  const value = emitter.emit("Concat", inputs, { type, shape: sides }, { axis: order.indexOf(axis) });
  return viewInOrder(emitter, value, order, shape);
}

function split(emitter: Emitter, x: View, axis: number, sizes: readonly number[]): View[] {
  const shapes = sizes.map((size) => x.shape.map((side, i) => (i === axis ? size : side)));
  if (x.axes[axis] === NONE) return shapes.map((shape) => ({ ...x, shape }));
  const order = physicalOrder(x);
  const values = emitter.emitMany(
    "Split",
    [x.value, emitter.integers(sizes)],
    shapes.map((shape) => ({ type: x.value.type, shape: order.map((i) => shape[i]) })),
    { axis: x.axes[axis] },
  );
  return values.map((value, i) => viewInOrder(emitter, value, order, shapes[i]));
}

/** Moving, cutting and joining. */
export const movement: Rules = {
  transpose: single((_lowering, [x], equation) => {
    const perm = equation.params.perm as readonly number[];
    return { ...x, shape: perm.map((axis) => x.shape[axis]), axes: perm.map((axis) => x.axes[axis]) };
  }),
  broadcast: single((_lowering, [x], equation) => {
    const { shape, axis } = equation.params as { shape: readonly number[]; axis: readonly number[] };
    const added = new Set(axis.map((a) => (a < 0 ? a + shape.length : a)));
    const kept = shape.map((_, i) => i).filter((i) => !added.has(i));
    // Axes that the operand lacks are new; one of side 1 may also be widened.
    return { ...x, shape, axes: shape.map((_, i) => (added.has(i) ? NONE : x.axes[kept.indexOf(i)])) };
  }),
  reshape: single(({ emitter }, [x], _equation, result) => reshapeView(emitter, x, result.shape)),
  shrink: single(({ emitter }, [x], equation) =>
    shrink(emitter, x, equation.params.slice as readonly Pair[]),
  ),
  pad: single(({ emitter }, [x], equation) => pad(emitter, x, equation.params.width as readonly Pair[])),
  flip: single(({ emitter }, [x], equation) => flip(emitter, x, equation.params.axis as readonly number[])),
  concatenate: single((lowering, parts, equation, result) =>
    concatenate(
      lowering,
      parts.map((part) => castTo(lowering.emitter, part, result.type)),
      equation.params.axis as number,
      result.shape,
    ),
  ),
  split: ({ emitter }, [x], equation) => {
    const { axis, sizes } = equation.params as { axis: number; sizes: readonly number[] };
    return split(emitter, x, axis, sizes);
  },
};
