import { grad, makeJaxpr, numpy as np, vmap } from "@jax-js/jax";

interface Disposable {
  dispose(): void;
}

/** The classes that count references, found once: the library does not export them. */
let counted: Map<Disposable, PropertyDescriptor> | undefined;
let depth = 0;

function findCounted(): Map<Disposable, PropertyDescriptor> {
  const found = new Map<Disposable, PropertyDescriptor>();
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const prototype = Object.getPrototypeOf(value) as Disposable;
    const own = Object.getOwnPropertyDescriptor(prototype, "dispose");
    if (own !== undefined) found.set(prototype, own);
    const inner = value as { primal?: unknown; tangent?: unknown; val?: unknown };
    for (const part of [inner.primal, inner.tangent, inner.val]) if (part !== value) look(part);
  };
  const sum = (x: np.Array): np.Array => {
    look(x);
    return np.sum(x);
  };
  look(np.ones([1]));
  makeJaxpr(sum)(np.ones([2]));
  makeJaxpr((x: np.Array) => grad(sum)(x))(np.ones([2]));
  makeJaxpr((x: np.Array) => vmap(sum)(x))(np.ones([2, 2]));
  return found;
}

/**
 * Runs a function in which arrays may be used any number of times without `.ref`. The library frees an array at its last counted use;
 * while a function is only traced there is nothing to free, so counting is suspended: every `dispose` does nothing until
 * `work` returns. The traced program is the same as that of the function written with `.ref` (a test holds it).
 * `work` must be synchronous and must not compute on real arrays that are large: they are not freed.
 */
export function withoutRefs<T>(work: () => T): T {
  counted ??= findCounted();
  if (depth++ === 0) for (const prototype of counted.keys()) prototype.dispose = () => undefined;
  try {
    return work();
  } finally {
    if (--depth === 0) {
      for (const [prototype, own] of counted) Object.defineProperty(prototype, "dispose", own);
    }
  }
}
