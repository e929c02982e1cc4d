import { type FileHandle, open } from "node:fs/promises";
import { DataError } from "./errors.js";
import { fileError, writeAtomicallyBy } from "./files.js";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "./half.js";

/** How a float tensor may lie in a model file. */
export type FloatType = "F32" | "F16" | "BF16";

const BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** Above this a header is no header but a wrong file (the format's own limit). */
const LARGEST_HEADER = 100_000_000;

/** What the header says of one tensor. */
export interface TensorEntry {
  readonly type: string;
  readonly shape: readonly number[];
  /** Bytes from the beginning of the file. */
  readonly from: number;
  readonly to: number;
}

/**
 * A safetensors file of which only the header is in memory: tensors are read one by one, so that a model of many gigabytes can be
 * looked at, converted or loaded piece by piece. Every entry is checked against its shape and the file's length when it is opened.
 */
export class SafetensorsFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    readonly entries: ReadonlyMap<string, TensorEntry>,
    readonly metadata: Readonly<Record<string, string>>,
  ) {}

  /** @throws DataError where the file is missing, truncated, or no safetensors file. Close it after use. */
  static async open(path: string): Promise<SafetensorsFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, "r");
    } catch (error) {
      throw fileError(error, path);
    }
    try {
      const { entries, metadata } = await readHeader(handle, path);
      return new SafetensorsFile(path, handle, entries, metadata);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** A tensor's values as float32; F32, F16 and BF16 can be read so. */
  async readFloats(name: string): Promise<Float32Array> {
    const entry = this.entries.get(name);
    if (entry === undefined) {
      throw new DataError("NO_SUCH_TENSOR", `the file has no tensor ${name}`, { file: this.path });
    }
    const bytes = new Uint8Array(entry.to - entry.from);
    await readFully(this.handle, bytes, entry.from, this.path);
    switch (entry.type) {
      case "F32":
        return new Float32Array(bytes.buffer);
      case "BF16":
        return fromBfloat16(new Uint16Array(bytes.buffer));
      case "F16":
        return fromFloat16(new Uint16Array(bytes.buffer));
      default:
        throw new DataError(
          "TENSOR_TYPE",
          `tensor ${name} has type ${entry.type}; expected F32, F16 or BF16`,
          { file: this.path },
        );
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

function broken(path: string, why: string): DataError {
  return new DataError("BAD_SAFETENSORS", `not a whole safetensors file: ${why}`, {
    file: path,
    hint: "Copy or download the file again.",
  });
}

/** A read larger than 2 GB is an error in Node, and a read may return less than was asked for. */
async function readFully(handle: FileHandle, into: Uint8Array, from: number, path: string): Promise<void> {
  let done = 0;
  while (done < into.length) {
    const length = Math.min(into.length - done, 1 << 30);
    const { bytesRead } = await handle.read(into, done, length, from + done);
    if (bytesRead === 0) throw broken(path, "it ended while it was being read");
    done += bytesRead;
  }
}

async function readHeader(
  handle: FileHandle,
  path: string,
): Promise<{ entries: Map<string, TensorEntry>; metadata: Record<string, string> }> {
  const { size } = await handle.stat();
  if (size < 8) throw broken(path, `${size} bytes are fewer than its 8-byte prefix`);
  const prefix = Buffer.alloc(8);
  await readFully(handle, prefix, 0, path);
  const length = Number(prefix.readBigUInt64LE());
  if (length > LARGEST_HEADER) throw broken(path, `its first 8 bytes announce a header of ${length} bytes`);
  if (8 + length > size) throw broken(path, "the header runs past the end of the file");
  const text = Buffer.alloc(length);
  await readFully(handle, text, 8, path);
  const header = parseHeader(text.toString("utf8"), path);
  const entries = new Map<string, TensorEntry>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") metadata = value as Record<string, string>;
    else entries.set(name, checkEntry(name, value, 8 + length, size, path));
  }
  return { entries, metadata };
}

function parseHeader(text: string, path: string): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(text);
    if (typeof header === "object" && header !== null) return header as Record<string, unknown>;
  } catch {
    // Falls through to the same error.
  }
  throw broken(path, "the header is no JSON object");
}

function checkEntry(name: string, value: unknown, start: number, size: number, path: string): TensorEntry {
  const { dtype, shape, data_offsets } = value as {
    dtype?: unknown;
    shape?: unknown;
    data_offsets?: unknown;
  };
  const isWhole = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (typeof dtype !== "string" || !Array.isArray(shape) || !shape.every(isWhole)) {
    throw broken(path, `tensor ${name} lacks a type or a shape`);
  }
  if (!(dtype in BYTES)) throw broken(path, `tensor ${name} has the unknown type ${dtype}`);
  if (!Array.isArray(data_offsets) || data_offsets.length !== 2 || !data_offsets.every(isWhole)) {
    throw broken(path, `tensor ${name} lacks its offsets`);
  }
  const [from, to] = data_offsets as [number, number];
  const bytes = shape.reduce((product, side) => product * side, BYTES[dtype]);
  if (to - from !== bytes) {
    throw broken(
      path,
      `tensor ${name} has ${to - from} bytes, but ${dtype}[${shape.join(", ")}] needs ${bytes}`,
    );
  }
  if (start + to > size) {
    throw broken(
      path,
      `tensor ${name} ends at byte ${start + to}, but the file has only ${size}: it was cut short`,
    );
  }
  return { type: dtype, shape, from: start + from, to: start + to };
}

/** A tensor to be written; its values are asked for only when their turn comes. */
export interface TensorSource {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: () => Float32Array | Promise<Float32Array>;
}

/**
 * Writes float tensors in the order given, one at a time in memory, atomically.
 * @param type - how each is stored; F16 and BF16 round to nearest.
 */
export async function writeSafetensorsFile(
  path: string,
  tensors: readonly TensorSource[],
  { type = "F32", metadata = {} }: { type?: FloatType; metadata?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let end = 0;
  for (const { name, shape } of tensors) {
    const bytes = shape.reduce((product, side) => product * side, BYTES[type]);
    header[name] = { dtype: type, shape, data_offsets: [end, end + bytes] };
    end += bytes;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padding = (8 - (json.length % 8)) % 8;
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length + padding));
  await writeAtomicallyBy(path, async (temporary) => {
    const handle = await open(temporary, "w");
    try {
      await handle.writeFile(Buffer.concat([prefix, json, Buffer.alloc(padding, " ")]));
      for (const { name, shape, values } of tensors) {
        const floats = await values();
        const size = shape.reduce((product, side) => product * side, 1);
        if (floats.length !== size) {
          throw new Error(`tensor ${name}: ${floats.length} values for shape [${shape.join(", ")}]`);
        }
        const stored = type === "F32" ? floats : type === "F16" ? toFloat16(floats) : toBfloat16(floats);
        await handle.writeFile(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}
