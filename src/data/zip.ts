import { createReadStream, createWriteStream } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import { DataError } from "../core/errors.js";
import { fileError } from "../core/files.js";

/** A file inside a zip archive. */
export interface ZipEntry {
  /** Its path in the archive, with "/" between folders. */
  readonly name: string;
  readonly size: number;
  readonly compressedSize: number;
  readonly crc: number;
  readonly method: number;
  readonly encrypted: boolean;
  /** Where its local header begins. */
  readonly offset: number;
}

const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const TOO_BIG = 0xffffffff;

/**
 * The files of a zip archive (zip64 too), from the directory at its end: nothing else is read, so that a 6 GB archive
 * is listed at once. The directory comes last in the file, hence its absence is how an incomplete download shows.
 * @throws DataError `NOT_A_ZIP`, `TRUNCATED_ZIP`
 */
export async function listZip(path: string): Promise<ZipEntry[]> {
  const handle = await open(path).catch((error: unknown) => {
    throw fileError(error, path);
  });
  try {
    const { size } = await handle.stat();
    const start = await bytesAt(handle, 0, Math.min(size, 4));
    const end = start.length === 4 && start.readUInt16LE(0) === 0x4b50 ? await findEnd(handle, size) : null;
    if (end === null) {
      if (start.length < 4 || start.readUInt32LE(0) !== LOCAL) {
        throw new DataError("NOT_A_ZIP", "this is not a zip archive", {
          file: path,
          hint: "Was a web page or an error message saved under this name? Delete it and fetch it again.",
        });
      }
      throw truncated(path, size);
    }
    const { offset, length } = end;
    if (offset + length > size) throw truncated(path, size);
    return parseDirectory(await bytesAt(handle, offset, length), path);
  } finally {
    await handle.close();
  }
}

function truncated(path: string, size: number): DataError {
  return new DataError(
    "TRUNCATED_ZIP",
    `the zip archive ends before its table of contents (${size} bytes are here): it is incomplete`,
    { file: path, hint: "Delete it and fetch it again." },
  );
}

async function bytesAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** The place of the central directory; null where the archive has no end record. */
async function findEnd(handle: FileHandle, size: number): Promise<{ offset: number; length: number } | null> {
  // The end record has 22 bytes and may carry a comment of up to 65,535 more.
  const tail = await bytesAt(handle, Math.max(0, size - 65_557), Math.min(size, 65_557));
  for (let at = tail.length - 22; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END) continue;
    if (at + 22 + tail.readUInt16LE(at + 20) !== tail.length) continue;
    const length = tail.readUInt32LE(at + 12);
    const offset = tail.readUInt32LE(at + 16);
    const locator = at - 20;
    const is64 = locator >= 0 && tail.readUInt32LE(locator) === LOCATOR64;
    if (!is64) return { offset, length };
    const record = await bytesAt(handle, Number(tail.readBigUInt64LE(locator + 8)), 56);
    if (record.length < 56 || record.readUInt32LE(0) !== END64) return null;
    return { length: Number(record.readBigUInt64LE(40)), offset: Number(record.readBigUInt64LE(48)) };
  }
  return null;
}

function parseDirectory(directory: Buffer, path: string): ZipEntry[] {
  const entries: ZipEntry[] = [];
  for (let at = 0; at + 46 <= directory.length;) {
    if (directory.readUInt32LE(at) !== CENTRAL) {
      throw new DataError("BAD_ZIP", "the zip archive's table of contents is damaged", {
        file: path,
        hint: "Delete it and fetch it again.",
      });
    }
    const nameLength = directory.readUInt16LE(at + 28);
    const extraLength = directory.readUInt16LE(at + 30);
    const name = directory.toString("utf8", at + 46, at + 46 + nameLength);
    const entry = {
      name,
      encrypted: (directory.readUInt16LE(at + 8) & 1) === 1,
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      compressedSize: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
    };
    const extra = directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
    if (!name.endsWith("/")) entries.push(withZip64(entry, extra));
    at += 46 + nameLength + extraLength + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** Replaces the sizes and the offset that did not fit into 32 bits by those of the zip64 extra field. */
function withZip64(entry: ZipEntry, extra: Buffer): ZipEntry {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let next = at + 4;
    const wide = (narrow: number) => {
      if (narrow !== TOO_BIG) return narrow;
      next += 8;
      return Number(extra.readBigUInt64LE(next - 8));
    };
    const size = wide(entry.size);
    const compressedSize = wide(entry.compressedSize);
    return { ...entry, size, compressedSize, offset: wide(entry.offset) };
  }
  return entry;
}

/**
 * Unpacks one file of an archive to `target`, as a stream; its length and CRC-32 are checked.
 * @throws DataError `BAD_ZIP`
 */
export async function extractZipEntry(path: string, entry: ZipEntry, target: string): Promise<void> {
  const damaged = (why: string, cause?: unknown) =>
    new DataError("BAD_ZIP", `${entry.name} in this zip archive ${why}`, {
      file: path,
      hint: "Delete the archive and fetch it again.",
      cause,
    });
  if (entry.encrypted) throw damaged("is encrypted");
  if (entry.method !== 0 && entry.method !== 8) {
    throw damaged(
      `is packed by method ${entry.method}, which is not read here (only stored and deflated files are)`,
    );
  }
  const handle = await open(path);
  let header: Buffer;
  try {
    header = await bytesAt(handle, entry.offset, 30);
  } finally {
    await handle.close();
  }
  if (header.length < 30 || header.readUInt32LE(0) !== LOCAL) throw damaged("is missing");
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);

  // Node has crc32 since 20.15; before that only the length and the deflate stream itself are checked.
  const crc32 = (zlib as { crc32?: (data: Buffer, value: number) => number }).crc32;
  let size = 0;
  let crc = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (crc32 !== undefined) crc = crc32(chunk, crc);
      done(null, chunk);
    },
  });
  const packed: Readable =
    entry.compressedSize === 0
      ? emptyStream()
      : createReadStream(path, { start, end: start + entry.compressedSize - 1 });
  try {
    if (entry.method === 8) {
      await pipeline(packed, zlib.createInflateRaw(), check, createWriteStream(target));
    } else {
      await pipeline(packed, check, createWriteStream(target));
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    throw code.startsWith("Z_") || code === "ERR_STREAM_PREMATURE_CLOSE"
      ? damaged("is damaged", error)
      : fileError(error, target);
  }
  if (size !== entry.size) throw damaged(`has ${size} bytes instead of ${entry.size}`);
  if (crc32 !== undefined && crc !== entry.crc) throw damaged("is damaged (its checksum differs)");
}

function emptyStream(): Readable {
  const stream = new Transform();
  stream.end();
  return stream;
}
