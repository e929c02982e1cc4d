import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { DataError } from "../../core/errors.js";
import { fileError } from "../../core/files.js";
import type { SourceFile } from "../source.js";

/** The separators that tables are written with, and their names in messages. */
const SEPARATORS: Readonly<Record<string, string>> = {
  "\t": "a tab",
  ",": '","',
  ";": '";"',
  "::": '"::"',
  "|": '"|"',
  " ": "a space",
};

/** What a person calls a separator. */
export function separatorName(separator: string): string {
  return SEPARATORS[separator] ?? JSON.stringify(separator);
}

/** The known separator that divides a line into the most fields, and those fields; a space counts only if nothing else does. */
export function guessSeparator(
  line: string,
  quoted: boolean,
): { separator: string; fields: string[] } | null {
  let best: { separator: string; fields: string[] } | null = null;
  for (const separator of Object.keys(SEPARATORS)) {
    const fields = splitFields(line, separator, quoted);
    if (fields.length > (best?.fields.length ?? 1)) {
      if (separator === " " && best !== null) continue;
      best = { separator, fields };
    }
  }
  return best;
}

/** The fields of one line; with `quoted`, a field may stand in double quotes (doubled inside). */
export function splitFields(line: string, separator: string, quoted: boolean): string[] {
  if (!quoted || !line.includes('"')) return line.split(separator);
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      let text = "";
      let from = at + 1;
      let to = line.indexOf('"', from);
      while (to !== -1 && line[to + 1] === '"') {
        text += line.slice(from, to + 1);
        from = to + 2;
        to = line.indexOf('"', from);
      }
      const end = to === -1 ? line.length : to;
      fields.push(text + line.slice(from, end));
      at = end + 1;
    } else {
      const next = line.indexOf(separator, at);
      const end = next === -1 ? line.length : next;
      fields.push(line.slice(at, end));
      at = end;
    }
    if (!line.startsWith(separator, at)) return fields;
    at += separator.length;
  }
}

/** The beginning of a text file, checked. */
export interface FileHead {
  /** The first line that isn't empty, without a byte order mark and without its line ending. */
  readonly firstLine: string;
  /** Its number. */
  readonly lineNumber: number;
  /** Whether the file begins with a UTF-8 byte order mark. */
  readonly bom: boolean;
}

const HEAD_BYTES = 1 << 18;

/**
 * Looks at the beginning of a text file (unpacked, where it is `.gz`) for what a parser would misunderstand.
 * @throws DataError `EMPTY_FILE`, `BAD_ENCODING` (UTF-16), `NOT_A_TABLE` (a web page, an archive, a binary file),
 *   `TRUNCATED_GZIP`
 */
export async function readHead(file: SourceFile, encoding: "utf-8" | "latin-1" = "utf-8"): Promise<FileHead> {
  const bytes = await firstBytes(file);
  if (bytes.length === 0) throw emptyFile(file);
  const bom = bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw new DataError("BAD_ENCODING", "this file is UTF-16; UTF-8 is needed", {
      file: file.label,
      line: 1,
      hint: "Save it as UTF-8 (for example: iconv -f utf-16 -t utf-8).",
    });
  }
  const text = bytes.subarray(bom ? 3 : 0).toString(encoding === "latin-1" ? "latin1" : "utf8");
  if (/^\s*<(!doctype|html|\?xml)/i.test(text)) {
    throw new DataError("NOT_A_TABLE", "this is a web page, not a data file", {
      file: file.label,
      hint: "Delete it and fetch the data again.",
    });
  }
  if (bytes.subarray(0, 4096).includes(0) || text.startsWith("PK\u0003\u0004")) {
    throw new DataError("NOT_A_TABLE", "this is a binary file, not text", {
      file: file.label,
      hint: "Give a text file (CSV, TSV, JSON lines), a .parquet file or a .zip; check the file's ending.",
    });
  }
  const lines = text.split(/\r\n|\n|\r/);
  const index = lines.findIndex((line) => line.trim() !== "");
  if (index === -1) throw emptyFile(file);
  return { firstLine: lines[index], lineNumber: index + 1, bom };
}

function emptyFile(file: SourceFile): DataError {
  return new DataError("EMPTY_FILE", "the file is empty", {
    file: file.label,
    hint: "Was the download or the copy cut short? Get the file again.",
  });
}

async function firstBytes(file: SourceFile): Promise<Buffer> {
  if (!file.path.toLowerCase().endsWith(".gz")) {
    const handle = await open(file.path).catch((error: unknown) => {
      throw fileError(error, file.label);
    });
    try {
      const buffer = Buffer.alloc(HEAD_BYTES);
      const { bytesRead } = await handle.read(buffer, 0, HEAD_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of unpackedStream(file)) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size >= HEAD_BYTES) break;
  }
  return Buffer.concat(chunks);
}

/** A file's bytes, unpacked where it ends in `.gz`; a damaged archive is a DataError `TRUNCATED_GZIP`. */
export function unpackedStream(file: SourceFile): Readable {
  const source = createReadStream(file.path);
  if (!file.path.toLowerCase().endsWith(".gz")) return source;
  const unpack = createGunzip();
  // The iteration below meets the error; without a listener here it would end the process.
  pipeline(source, unpack, () => undefined);
  const read = async function* () {
    try {
      for await (const chunk of unpack) yield chunk as Buffer;
    } catch (error) {
      throw badGzip(file, error);
    }
  };
  return Readable.from(read(), { objectMode: false });
}

/** The error of a `.gz` file that can't be unpacked to its end. */
export function badGzip(file: SourceFile, cause: unknown): DataError {
  return new DataError("TRUNCATED_GZIP", "the .gz file is incomplete or damaged", {
    file: file.label,
    hint: "Delete it and fetch it again.",
    cause,
  });
}

/**
 * Unpacks a `.gz` file to its end without keeping anything: DuckDB takes one that was cut short for complete.
 * @throws DataError `TRUNCATED_GZIP`
 */
export async function checkWhole(file: SourceFile): Promise<void> {
  if (!file.path.toLowerCase().endsWith(".gz")) return;
  const stream = unpackedStream(file);
  stream.resume();
  await finished(stream);
}

/** The lines of a text file with their numbers (from 1), as a stream. */
export async function* linesOf(
  file: SourceFile,
  encoding: "utf8" | "latin1" = "utf8",
): AsyncGenerator<{ line: string; number: number }> {
  const input = unpackedStream(file);
  input.setEncoding(encoding);
  let rest = "";
  let number = 0;
  const next = (line: string) => {
    number++;
    const text = line.endsWith("\r") ? line.slice(0, -1) : line;
    return { line: number === 1 ? text.replace(/^\ufeff/, "") : text, number };
  };
  for await (const chunk of input) {
    const lines = (rest + (chunk as string)).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield next(line);
  }
  if (rest !== "") yield next(rest);
}
