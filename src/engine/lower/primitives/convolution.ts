import type { Emitter, Value } from "../emitter.js";
import type { Rules } from "../lowering.js";
import { single } from "../lowering.js";
import { materialise, viewOf } from "../view.js";

type Pair = readonly [number, number];

interface Convolution {
  readonly vmapDims: number;
  readonly strides: readonly number[];
  readonly padding: readonly Pair[];
  readonly lhsDilation: readonly number[];
  readonly rhsDilation: readonly number[];
}

/** Zeros between the elements of the spatial axes: how the gradient of a strided convolution sees its operand. */
function dilate(emitter: Emitter, x: Value, dilation: readonly number[]): Value {
  return dilation.reduce((value, factor, i) => {
    if (factor === 1) return value;
    const axis = i + 2;
    const side = value.shape[axis];
    const apart = [...value.shape.slice(0, axis + 1), 1, ...value.shape.slice(axis + 1)];
    const pads = apart.map((_, j) => (j === axis + 1 ? factor - 1 : 0));
    const spread = emitter.emit(
      "Pad",
      [emitter.reshape(value, apart), emitter.integers([...apart.map(() => 0), ...pads])],
      { type: value.type, shape: apart.map((s, j) => (j === axis + 1 ? factor : s)) },
    );
    const joined = emitter.reshape(
      spread,
      value.shape.map((s, j) => (j === axis ? s * factor : s)),
    );
    // The last element has no zeros behind it.
    const length = (side - 1) * factor + 1;
    return emitter.emit(
      "Slice",
      [joined, emitter.integers([0]), emitter.integers([length]), emitter.integers([axis])],
      { type: value.type, shape: value.shape.map((s, j) => (j === axis ? length : s)) },
    );
  }, x);
}

/** Padding, which cuts where it is negative (Conv itself takes no negative padding). */
function padSpatial(emitter: Emitter, x: Value, padding: readonly Pair[]): Value {
  if (padding.every(([before, after]) => before === 0 && after === 0)) return x;
  const pairs = [[0, 0], [0, 0], ...padding];
  return emitter.emit(
    "Pad",
    [x, emitter.integers([...pairs.map(([before]) => before), ...pairs.map(([, after]) => after)])],
    { type: x.type, shape: x.shape.map((side, i) => side + pairs[i][0] + pairs[i][1]) },
  );
}

/** Convolutions, images [batch, channels, sides...] with kernels [out, channels, sides...]. */
export const convolution: Rules = {
  conv: single(({ emitter }, operands, equation, result) => {
    const { vmapDims, strides, padding, lhsDilation, rhsDilation } =
      equation.params as unknown as Convolution;
    if (vmapDims > 0) throw new Error("a convolution under vmap is not lowered");
    const [images, kernels] = operands.map((view) => materialise(emitter, view));
    const padded = padSpatial(emitter, dilate(emitter, images, lhsDilation), padding);
    const value = emitter.emit("Conv", [padded, kernels], result, {
      kernel_shape: kernels.shape.slice(2),
      strides,
      dilations: rhsDilation,
    });
    return viewOf(emitter, value, result.shape);
  }),
};
