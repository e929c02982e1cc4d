import type { numpy as np } from "@jax-js/jax";
import type { Tensor } from "../../core/safetensors.js";
import { describe, sizeOf } from "../onnx/element-types.js";
import type { DataType, Spec } from "../trace/trace.js";
import { mapTree, type NamedLeaf, namedLeaves } from "../tree.js";

export type { Tensor } from "../../core/safetensors.js";

/** The same tree with a {@link Tensor} where a traced function has an array. */
export type TensorsOf<T> = T extends np.Array ? Tensor : { [Key in keyof T]: TensorsOf<T[Key]> };

/** The same tree with an array of a traced function where there is a {@link Tensor}. */
export type ArraysOf<T> = T extends Tensor ? np.Array : { [Key in keyof T]: ArraysOf<T[Key]> };

/** A tensor of single-precision numbers. */
export type Float32Tensor = Tensor & { readonly data: Float32Array };
/** A tensor of whole numbers. */
export type Int32Tensor = Tensor & { readonly data: Int32Array };

function checkSize(shape: readonly number[], length: number): void {
  if (sizeOf(shape) !== length) {
    throw new RangeError(`shape [${shape.join(", ")}] does not hold ${length} numbers`);
  }
}

/** Float32 numbers with a shape (without one: a vector). A typed array is not copied. */
export function float32(data: ArrayLike<number>, shape: readonly number[] = [data.length]): Float32Tensor {
  checkSize(shape, data.length);
  return { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

/** Int32 numbers with a shape (without one: a vector). A typed array is not copied. */
export function int32(data: ArrayLike<number>, shape: readonly number[] = [data.length]): Int32Tensor {
  checkSize(shape, data.length);
  return { shape, data: data instanceof Int32Array ? data : Int32Array.from(data) };
}

/** A tensor of zeros. */
export function zeros(type: DataType, shape: readonly number[]): Tensor {
  return { shape, data: new (type === "float32" ? Float32Array : Int32Array)(sizeOf(shape)) };
}

export function isTensor(node: unknown): node is Tensor {
  if (typeof node !== "object" || node === null || !("data" in node) || !("shape" in node)) return false;
  return node.data instanceof Float32Array || node.data instanceof Int32Array;
}

export function specOf({ shape, data }: Tensor): Spec {
  return { type: data instanceof Float32Array ? "float32" : "int32", shape };
}

/** `float32[2, 3]`. */
export function describeSpec({ type, shape }: Spec): string {
  return describe(type, shape);
}

/** The tensors of a tree with their names. */
export function namedTensors(tree: unknown): NamedLeaf<Tensor>[] {
  const leaves = namedLeaves<unknown>(tree, isTensor);
  for (const { name, leaf } of leaves) {
    if (!isTensor(leaf)) throw new TypeError(`${name === "" ? "the input" : name} is not a tensor`);
  }
  return leaves as NamedLeaf<Tensor>[];
}

/** The same tree with other leaves, taken by name. */
export function replaceTensors(tree: unknown, leaf: (name: string) => unknown): unknown {
  return mapTree(tree, (_leaf, name) => leaf(name), isTensor);
}
