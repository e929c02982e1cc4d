import { create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
} from "../generated/onnx_pb.js";

/** A number that ONNX must store as a float even where it is whole, such as `epsilon` or `alpha`. */
export class FloatAttribute {
  constructor(readonly value: number) {}
}

/** Marks an attribute as ONNX's float type; a bare number is its integer type. */
export function float(value: number): FloatAttribute {
  return new FloatAttribute(value);
}

/** An attribute's value: a whole number or several (INT, INTS), `float(x)` (FLOAT), text (STRING, UTF-8). */
export type AttributeValue = number | readonly number[] | FloatAttribute | string;

export type Attributes = Readonly<Record<string, AttributeValue>>;

function whole(name: string, value: number): bigint {
  if (!Number.isSafeInteger(value)) {
    throw new TypeError(`attribute ${name} = ${value} is not a whole number: write float(${value})`);
  }
  return BigInt(value);
}

/** Attributes in ONNX's form, in the order given. */
export function encodeAttributes(attributes: Attributes): AttributeProto[] {
  return Object.entries(attributes).map(([name, value]) => {
    if (typeof value === "number") {
      return create(AttributeProtoSchema, { name, type: Kind.INT, i: whole(name, value) });
    }
    if (typeof value === "string") {
      return create(AttributeProtoSchema, { name, type: Kind.STRING, s: new TextEncoder().encode(value) });
    }
    if (value instanceof FloatAttribute) {
      return create(AttributeProtoSchema, { name, type: Kind.FLOAT, f: value.value });
    }
    return create(AttributeProtoSchema, { name, type: Kind.INTS, ints: value.map((v) => whole(name, v)) });
  });
}
