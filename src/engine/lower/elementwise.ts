import type { Attributes } from "../onnx/attributes.js";
import { type ElementType, sizeOf } from "../onnx/element-types.js";
import type { Emitter } from "./emitter.js";
import { mergeOrders } from "./order.js";
import { arrange, broadcastTo, physicalOrder, physicalSide, type View, viewInOrder } from "./view.js";

/** An operation on each element, with numpy's broadcasting; its result lies in memory as its largest operands do. */
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
  const inputs = views.map((view) => {
    if (view.value.shape.length === 0) return view.value;
    const value = arrange(emitter, view, order);
    // Leading axes of side 1 are implied by broadcasting: without them a bias or a scale needs no reshape.
    const first = value.shape.findIndex((side) => side !== 1);
    return emitter.reshape(value, value.shape.slice(first));
  });
  const sides = order.map((axis) => Math.max(...views.map((view) => physicalSide(view, axis))));
  const empty = order.map((axis) => views.some((view) => physicalSide(view, axis) === 0));
  const shape = sides.map((side, i) => (empty[i] ? 0 : side));
  const value = emitter.emit(op, inputs, { type: result.type, shape }, attributes);
  return viewInOrder(emitter, value, order, result.shape);
}
