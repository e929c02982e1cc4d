import type { Emitter } from "./emitter.js";
import { arrange, constantView, materialise, NONE, physicalOrder, type View, viewOf } from "./view.js";

/** Axes of the old and of the new shape that hold the same elements: [4, 6] -> [2, 2, 6] has {4: 2, 2} and {6: 6}. */
interface Group {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** The finest groups of two shapes of equal size. */
export function alignShapes(from: readonly number[], to: readonly number[]): Group[] {
  const groups: Group[] = [];
  let i = 0;
  let j = 0;
  while (i < from.length || j < to.length) {
    const group = { from: [] as number[], to: [] as number[] };
    let left = 1;
    let right = 1;
    const takeLeft = () => {
      left *= from[i];
      group.from.push(i++);
    };
    const takeRight = () => {
      right *= to[j];
      group.to.push(j++);
    };
    if (i < from.length) takeLeft();
    if (j < to.length) takeRight();
    while (left !== right) {
      if (left < right) takeLeft();
      else takeRight();
    }
    groups.push(group);
  }
  return groups;
}

/** The new view where each group of axes lies together in memory, or is broadcast as a whole; nothing then moves. */
function regroup(emitter: Emitter, x: View, shape: readonly number[]): View | undefined {
  const axes = shape.map(() => NONE);
  /** What replaces the run of physical axes that begins here. */
  const runs = new Map<number, { length: number; to: readonly number[] }>();
  for (const { from, to } of alignShapes(x.shape, shape)) {
    const wide = from.filter((axis) => x.shape[axis] > 1);
    const real = wide.filter((axis) => x.axes[axis] !== NONE);
    if (real.length === 0) continue;
    if (real.length !== wide.length) return undefined;
    const physical = real.map((axis) => x.axes[axis]);
    if (!physical.every((axis, k) => k === 0 || axis === physical[k - 1] + 1)) return undefined;
    runs.set(physical[0], { length: physical.length, to: to.filter((axis) => shape[axis] > 1) });
  }
  const base: number[] = [];
  for (let physical = 0; physical < x.value.shape.length;) {
    const run = runs.get(physical);
    if (run === undefined) return undefined;
    for (const axis of run.to) axes[axis] = base.push(shape[axis]) - 1;
    physical += run.length;
  }
  return { value: emitter.reshape(x.value, base), shape, axes };
}

/** The same elements under another shape, in the logical order of their axes. */
export function reshapeView(emitter: Emitter, x: View, shape: readonly number[]): View {
  if (x.constant !== undefined) return constantView(emitter, x.value.type, shape, x.constant);
  if (x.shape.includes(0)) return viewOf(emitter, materialise(emitter, x), x.shape);
  const asItLies = regroup(emitter, x, shape);
  if (asItLies !== undefined) return asItLies;
  const logical = physicalOrder(x).sort((a, b) => a - b);
  const sorted: View = {
    value: arrange(emitter, x, logical),
    shape: x.shape,
    axes: x.shape.map((_, axis) => logical.indexOf(axis)),
  };
  return (
    regroup(emitter, sorted, shape) ?? viewOf(emitter, emitter.reshape(materialise(emitter, x), shape), shape)
  );
}
