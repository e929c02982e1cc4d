import { FUSED_PREFIX } from "../../nn/custom.js";
import { elementwise } from "../elementwise.js";
import type { Emitter } from "../emitter.js";
import { single } from "../lowering.js";
import type { Rules } from "../lowering.js";
import { arrange, NONE, physicalOrder, realise, type View } from "../view.js";

/** The softmax over the last axis, which is brought last in memory. */
function softmax(emitter: Emitter, x: View): View {
  const last = x.shape.length - 1;
  const dense = realise(emitter, x, last);
  if (dense.axes[last] === NONE)
    return { ...dense, constant: undefined, value: emitter.constant("float32", [], [1]) };
  const order = [...physicalOrder(dense).filter((axis) => axis !== last), last];
  const input = arrange(emitter, dense, order);
  const value = emitter.emit("Softmax", [input], input, { axis: -1 });
  return { value, shape: x.shape, axes: x.shape.map((_, axis) => order.indexOf(axis)) };
}

const unary = (op: string) =>
  single(({ emitter }, [x], _equation, result) => elementwise(emitter, op, [x], result));

/** Functions of `nn` that the runtime has as one operation, by their names there. */
const FUSED: Rules = {
  sigmoid: unary("Sigmoid"),
  tanh: unary("Tanh"),
  softmax: single(({ emitter }, [x]) => softmax(emitter, x)),
};

/** Whether a called function is one operation here. */
export function isFused(name: string): boolean {
  return name.startsWith(FUSED_PREFIX) && name.slice(FUSED_PREFIX.length) in FUSED;
}

/** Calls: only fused functions are left when a program is flat. */
export const calls: Rules = {
  jit: (lowering, operands, equation, results) => {
    const name = equation.params.name as string;
    return FUSED[name.slice(FUSED_PREFIX.length)](lowering, operands, equation, results);
  },
};
