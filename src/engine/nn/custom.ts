import { jit, lax, numpy as np } from "@jax-js/jax";

/** Names that the lowering knows as one operation begin so. */
export const FUSED_PREFIX = "fused.";

/**
 * A function that the lowering runs as one operation of the runtime. Everywhere else, and where the lowering meets
 * it transformed, its body counts; both give the same numbers but for rounding.
 * @param name - the name under which the lowering knows it (`lower/primitives/fused.ts`).
 */
export function fused(name: string, body: (...xs: np.Array[]) => np.Array): (...xs: np.Array[]) => np.Array {
  Object.defineProperty(body, "name", { value: FUSED_PREFIX + name });
  const call = jit(body);
  return (...xs) => call(...xs);
}

interface Internals {
  readonly primal?: np.Array;
  readonly pval?: { readonly isKnown: boolean };
  fullLower?(): np.Array;
}

/**
 * The array's value without its derivative. Unlike `stopGradient` it leaves differentiation at once, so that
 * nothing is traced for derivatives that are zero anyway.
 */
export function frozen(x: np.Array): np.Array {
  let value = x;
  for (;;) {
    const inner = value as unknown as Internals;
    if (inner.primal !== undefined) value = inner.primal;
    else if (inner.pval?.isKnown && inner.fullLower !== undefined) value = inner.fullLower();
    else break;
  }
  return value === x ? lax.stopGradient(x) : value;
}

/**
 * A value with a derivative of its own, for functions whose automatic derivative overflows or costs too much. Right
 * for first derivatives; second ones would be 0.
 * @param value - the result, made from {@link frozen} arguments.
 * @param differentials - for each argument x the linear function that takes a change of x to the change of the
 * result. It is called with x - frozen(x), which is 0 and whose derivative is 1: x must be finite.
 */
export function withDerivative(
  value: np.Array,
  ...differentials: readonly (readonly [x: np.Array, differential: (dx: np.Array) => np.Array])[]
): np.Array {
  return differentials.reduce(
    (sum, [x, differential]) => np.add(sum, differential(np.subtract(x, frozen(x)))),
    value,
  );
}
