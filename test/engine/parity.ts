import { defaultDevice, init, numpy as np } from "@jax-js/jax";
import { expect } from "vitest";
import { compile, type Specs, type Tensors } from "../../src/engine/run/compile.js";
import { specOf, type Tensor } from "../../src/engine/run/tensor.js";
import { withoutRefs } from "../../src/engine/trace/without-refs.js";

export type Arrays = Readonly<Record<string, np.Array>>;
export type ArrayFunction = (inputs: Arrays) => Arrays;

/** The function's results on jax-js' own WebAssembly backend: an implementation that shares no code with the lowering. */
export async function onJax(fn: ArrayFunction, inputs: Tensors): Promise<Record<string, Tensor>> {
  await init("wasm");
  defaultDevice("wasm");
  // Computed at once, not under `jit`: that one refuses to sort or scatter what it computed itself.
  const outputs = withoutRefs(() =>
    fn(
      Object.fromEntries(
        Object.entries(inputs).map(([name, { shape, data }]) => {
          const { type } = specOf({ shape, data });
          const flat = np.array(data, { dtype: np[type] });
          return [name, np.reshape(flat, [...shape])];
        }),
      ),
    ),
  );
  return Object.fromEntries(
    Object.entries(outputs).map(([name, array]) => [
      name,
      { shape: array.shape, data: array.dataSync() as Float32Array | Int32Array },
    ]),
  );
}

/** The function's results through the lowering, on two threads. */
export async function onRuntime(fn: ArrayFunction, inputs: Tensors): Promise<Record<string, Tensor>> {
  const specs: Specs = Object.fromEntries(Object.entries(inputs).map(([name, t]) => [name, specOf(t)]));
  const compiled = await compile(fn, specs, { threads: 2 });
  try {
    return await compiled.run(inputs);
  } finally {
    await compiled.release();
  }
}

/** The largest difference, relative to the largest size of the expected numbers; differing NaN or infinities are infinite. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i])) {
      if (Number.isFinite(expected[i])) size = Math.max(size, Math.abs(expected[i]));
      continue;
    }
    if (!Number.isFinite(actual[i]) || !Number.isFinite(expected[i])) return Infinity;
    difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
    size = Math.max(size, Math.abs(expected[i]));
  }
  return difference === 0 ? 0 : difference / Math.max(size, 1e-30);
}

/** Expects every output of both to agree. */
export async function expectParity(fn: ArrayFunction, inputs: Tensors, tolerance = 1e-5): Promise<void> {
  const expected = await onJax(fn, inputs);
  const actual = await onRuntime(fn, inputs);
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(actual[name].shape, name).toEqual(shape);
    expect(relativeError(actual[name].data, data), name).toBeLessThanOrEqual(tolerance);
  }
}
