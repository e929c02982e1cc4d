import { defaultDevice, init, makeJaxpr, numpy as np } from "@jax-js/jax";
import type { Constant, FlatProgram } from "./jaxpr.js";
import { flattenProgram, removeDeadCode } from "./jaxpr.js";
import { withoutRefs } from "./without-refs.js";

/** The element types of a program's inputs and outputs. */
export type DataType = "float32" | "int32";

/** The type and shape of one array. */
export interface Spec {
  readonly type: DataType;
  readonly shape: readonly number[];
}

/** A function as a straight-line program. Its first inputs are the arrays that the function closed over. */
export interface TracedProgram {
  readonly program: FlatProgram;
  readonly constants: readonly Constant[];
}

let ready: Promise<unknown> | undefined;

/** Makes jax-js ready; must be awaited before the first {@link trace}. Its WebAssembly device reads the constants. */
export async function initTracing(): Promise<void> {
  ready ??= init("wasm").then(() => {
    defaultDevice("wasm");
  });
  await ready;
}

/** Records what a function of arrays does, for the given types and shapes, without computing anything. */
export function trace(
  fn: (inputs: readonly np.Array[]) => readonly np.Array[],
  specs: readonly Spec[],
  isFused: (name: string) => boolean,
): TracedProgram {
  const { jaxpr } = withoutRefs(() =>
    makeJaxpr((...inputs: np.Array[]) => [...fn(inputs)])(
      ...specs.map(({ type, shape }) => np.zeros([...shape], { dtype: np[type] })),
    ),
  );
  return {
    program: removeDeadCode(flattenProgram(jaxpr.jaxpr, isFused)),
    constants: jaxpr.consts,
  };
}
