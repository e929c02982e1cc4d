import { TensorProto_DataType } from "../generated/onnx_pb.js";

/** The element types that graphs of this project hold, by their usual names. */
export type ElementType =
  "float32" | "float64" | "float16" | "int32" | "int64" | "uint32" | "int8" | "uint8" | "bool";

/**
 * The typed array that holds each element type in JavaScript. A half float is its 16 bits, a boolean a byte of 0 or
 * 1.
 */
export interface ElementArrays {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint32: Uint32Array;
  int8: Int8Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

export type AnyArray = ElementArrays[ElementType];

/** ONNX's number of each element type (`TensorProto.DataType`). */
export const ONNX_TYPE: Readonly<Record<ElementType, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  float64: TensorProto_DataType.DOUBLE,
  float16: TensorProto_DataType.FLOAT16,
  int32: TensorProto_DataType.INT32,
  int64: TensorProto_DataType.INT64,
  uint32: TensorProto_DataType.UINT32,
  int8: TensorProto_DataType.INT8,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
};

const CONSTRUCTORS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint32: Uint32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** Bytes of one element. */
export function bytesPerElement(type: ElementType): number {
  return CONSTRUCTORS[type].BYTES_PER_ELEMENT;
}

/** A zeroed array of `length` elements. */
export function allocate<T extends ElementType>(type: T, length: number): ElementArrays[T] {
  return new CONSTRUCTORS[type](length) as ElementArrays[T];
}

/** Whether an array is the one that {@link ElementArrays} names for the type. */
export function holds<T extends ElementType>(type: T, array: AnyArray): array is ElementArrays[T] {
  return array instanceof CONSTRUCTORS[type];
}

/** Numbers as an array of the given type; int64 takes whole numbers, bool takes 0 and 1. */
export function arrayOf<T extends ElementType>(type: T, values: readonly number[]): ElementArrays[T] {
  const array: AnyArray =
    type === "int64"
      ? BigInt64Array.from(values, BigInt)
      : (CONSTRUCTORS[type] as { from(values: readonly number[]): AnyArray }).from(values);
  return array as ElementArrays[T];
}

/** The product of the sides of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** `float32[2, 3]`: a type and a shape as every message writes them. */
export function describe(type: string, shape: readonly (number | string)[]): string {
  return `${type}[${shape.join(", ")}]`;
}
