import { readFile, writeFile } from "node:fs/promises";
import { DataError } from "./errors.js";

/** A dense array with its shape, row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

interface TensorHeader {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

const DTYPES = { F32: Float32Array, I32: Int32Array } as const;

/** Serialises named tensors in the safetensors format (8-byte header length, JSON header, little-endian data). */
export function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const dtype = data instanceof Float32Array ? "F32" : "I32";
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = JSON.stringify(header);
  const padded = json + " ".repeat((8 - (Buffer.byteLength(json) % 8)) % 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(padded)));
  const bodies = Object.values(tensors).map(({ data }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  return Buffer.concat([length, Buffer.from(padded), ...bodies]);
}

/**
 * The float32 and int32 tensors of a safetensors file.
 * @throws DataError where the file is truncated or its header does not fit its size.
 */
export function decodeSafetensors(bytes: Buffer, file: string): Record<string, Tensor> {
  const broken = (why: string) =>
    new DataError("BAD_SAFETENSORS", `not a whole safetensors file: ${why}`, { file });
  if (bytes.length < 8) throw broken("shorter than its 8-byte prefix");
  const headerLength = Number(bytes.readBigUInt64LE(0));
  if (headerLength > bytes.length - 8) throw broken("the header runs past the end of the file");
  let header: Record<string, TensorHeader>;
  try {
    header = JSON.parse(bytes.toString("utf8", 8, 8 + headerLength)) as Record<string, TensorHeader>;
  } catch {
    throw broken("the header is no JSON");
  }
  const start = 8 + headerLength;
  const tensors: Record<string, Tensor> = {};
  for (const [name, { dtype, shape, data_offsets: [from, to] = [0, -1] }] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    if (!(dtype in DTYPES)) throw broken(`tensor ${name} has type ${dtype}; expected F32 or I32`);
    const size = shape.reduce((product, side) => product * side, 1);
    if (to - from !== size * 4)
      throw broken(`tensor ${name}: ${String(to - from)} bytes for shape [${shape.join(", ")}]`);
    if (start + to > bytes.length) throw broken(`the data of tensor ${name} runs past the end of the file`);
    const copy = new Uint8Array(bytes.subarray(start + from, start + to)).buffer;
    tensors[name] = { shape, data: new DTYPES[dtype as keyof typeof DTYPES](copy) };
  }
  return tensors;
}

export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  await writeFile(path, encodeSafetensors(tensors, metadata));
}

export async function readSafetensors(path: string): Promise<Record<string, Tensor>> {
  return decodeSafetensors(await readFile(path), path);
}

/** A table of rows of equal length. */
export interface Rows {
  readonly size: number;
  /** [rows, size], row-major. */
  readonly data: Float32Array;
}

/**
 * The float32 tensor `name` [rows, size] of a file that was read.
 * @param code - of the error.
 * @throws DataError where it's missing, has another type or number of rows, or holds a number that isn't finite.
 */
export function rowsOf(
  tensors: Readonly<Record<string, Tensor>>,
  name: string,
  rows: number,
  { code, file }: { readonly code: string; readonly file: string },
): Rows {
  const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
  if (tensor?.shape.length !== 2 || tensor.shape[0] !== rows || !(tensor.data instanceof Float32Array)) {
    const found =
      tensor === undefined ? "nothing" : `${tensor.data.constructor.name} [${tensor.shape.join(", ")}]`;
    throw new DataError(code, `expected float32 ${name} [${rows}, size], found ${found}`, {
      file,
      hint: "Rows must follow the order of the data set's tables.",
    });
  }
  if (!tensor.data.every(Number.isFinite)) {
    throw new DataError(code, `${name} holds a number that isn't finite`, { file });
  }
  return { size: tensor.shape[1], data: tensor.data };
}
