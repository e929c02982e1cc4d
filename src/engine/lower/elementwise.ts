import type { Attributes } from "../onnx/attributes.js";
import { type ElementType, sizeOf } from "../onnx/element-types.js";
import type { Emitter, Value } from "./emitter.js";
import { mergeOrders } from "./order.js";
import { arrange, broadcastTo, physicalOrder, physicalSide, type View, viewInOrder } from "./view.js";

/** The runtime repeats a small operand in runs as long as its innermost axes; shorter runs than this are slow. */
const SHORT_RUN = 64;
/** An operand is written out where it stays smaller than the result by this factor. */
const SMALL = 4;

/**
 * An operand whose broadcast axis lies between others, as [length, 1, width] in [batch, length, heads, width],
 * written out along that axis: rotations' cosines cost a fifth then. Equal ones are shared, so it is done once for
 * all layers.
 */
function widen(emitter: Emitter, value: Value, sides: readonly number[]): Value {
  const own = sides.slice(sides.length - value.shape.length);
  const gap = value.shape.findLastIndex((side, i) => side === 1 && own[i] > 1);
  const run = sizeOf(own.slice(gap + 1));
  if (gap < 1 || run === 1 || run >= SHORT_RUN || sizeOf(own) * SMALL > sizeOf(sides)) return value;
  return emitter.expand(value, own);
}

/**
 * An operation on each element, with numpy's broadcasting; its result lies in memory as its largest operands do.
 */
export function elementwise(
  emitter: Emitter,
  op: string,
  operands: readonly View[],
  result: { type: ElementType; shape: readonly number[] },
  attributes: Attributes = {},
): View {
  const views = operands.map((view) => broadcastTo(view, result.shape));
  const bySize = [...views].sort((a, b) => sizeOf(b.value.shape) - sizeOf(a.value.shape));
  const order = mergeOrders(bySize.map(physicalOrder), result.shape.length);
  const sides = order.map((axis) => Math.max(...views.map((view) => physicalSide(view, axis))));
  const empty = order.map((axis) => views.some((view) => physicalSide(view, axis) === 0));
  const shape = sides.map((side, i) => (empty[i] ? 0 : side));
  const inputs = views.map((view) => {
    if (view.value.shape.length === 0) return view.value;
    const value = arrange(emitter, view, order);
    // Leading axes of side 1 are implied by broadcasting: without them a bias or a scale needs no reshape.
    const first = value.shape.findIndex((side) => side !== 1);
    return widen(emitter, emitter.reshape(value, value.shape.slice(first)), shape);
  });
  const value = emitter.emit(op, inputs, { type: result.type, shape }, attributes);
  return viewInOrder(emitter, value, order, result.shape);
}
