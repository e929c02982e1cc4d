import type { numpy as np } from "@jax-js/jax";
import { mapTree, namedLeaves } from "../tree.js";
import { compile, type Compiled, type CompileOptions } from "./compile.js";
import { describeSpec, namedTensors, replaceTensors, specOf, type Tensor, type TensorsOf } from "./tensor.js";

/** A function of trees of arrays that runs on ONNX Runtime. */
export interface Program<I, O> {
  /** Runs the function; a set of shapes that it has not seen is traced and compiled first (about 0.1 to 1 second). */
  run(inputs: TensorsOf<I>): Promise<TensorsOf<O>>;
  /** Frees the compiled graphs. */
  release(): Promise<void>;
}

interface Entry {
  readonly compiled: Compiled;
  /** The function's result, with the names of the outputs as leaves. */
  readonly structure: unknown;
}

/** How many sets of shapes one program keeps compiled: the whole batch, the last one of an epoch, and a few more. */
const KEPT = 8;

/**
 * Makes a program of a function written with jax-js, without `.ref`. The function must depend on its inputs' shapes and its own
 * constants alone: it is called once for each set of shapes, to be traced, and never again.
 *
 * ```ts
 * const score = program(({ user, item }: { user: np.Array; item: np.Array }) => ({
 *   scores: np.matmul(user, np.transpose(item)),
 * }));
 * const { scores } = await score.run({ user: float32(u, [8, 64]), item: float32(i, [100, 64]) });
 * ```
 */
export function program<I, O>(fn: (inputs: I) => O, options: CompileOptions = {}): Program<I, O> {
  const entries = new Map<string, Promise<Entry>>();

  const make = async (inputs: unknown): Promise<Entry> => {
    const specs = Object.fromEntries(namedTensors(inputs).map(({ name, leaf }) => [name, specOf(leaf)]));
    let structure: unknown;
    const compiled = await compile(
      (arrays) => {
        const result = fn(replaceTensors(inputs, (name) => arrays[name]) as I);
        const outputs = namedLeaves<np.Array>(result);
        structure = mapTree(result, (_leaf, name) => name);
        return Object.fromEntries(outputs.map(({ name, leaf }) => [name, leaf]));
      },
      specs,
      options,
    );
    return { compiled, structure };
  };

  const entryFor = async (inputs: unknown, tensors: { name: string; leaf: Tensor }[]): Promise<Entry> => {
    const key = tensors.map(({ name, leaf }) => `${name}:${describeSpec(specOf(leaf))}`).join(";");
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = make(inputs);
      // A failure is not kept: the next run tries again.
      entry.catch(() => entries.delete(key));
      entries.set(key, entry);
      const [oldest] = entries.keys();
      if (entries.size > KEPT) {
        void entries.get(oldest)?.then(({ compiled }) => compiled.release());
        entries.delete(oldest);
      }
    }
    return entry;
  };

  return {
    async run(inputs) {
      const tensors = namedTensors(inputs);
      const { compiled, structure } = await entryFor(inputs, tensors);
      const outputs = await compiled.run(Object.fromEntries(tensors.map(({ name, leaf }) => [name, leaf])));
      return mapTree(structure, (name) => outputs[name as string]) as TensorsOf<O>;
    },
    async release() {
      const compiled = await Promise.allSettled(entries.values());
      entries.clear();
      for (const entry of compiled) if (entry.status === "fulfilled") await entry.value.compiled.release();
    },
  };
}
