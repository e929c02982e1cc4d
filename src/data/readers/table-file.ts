import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { DataError, UsageError } from "../../core/errors.js";
import { suggestName } from "../../core/names.js";
import type { SourceFile } from "../source.js";
import { layoutOf, lineOfRow, loadDelimited, type Encoding, type Wanted } from "./delimited.js";
import { literal, pathLiteral, quoteName, type Database } from "../../core/duckdb.js";
import { checkWhole, linesOf, readHead, splitFields, unpackedStream } from "./head.js";

export const TABLE_FORMATS = ["csv", "tsv", "jsonl", "parquet"] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

/** A table in one of the plain formats. */
export interface TableFile {
  readonly file: SourceFile;
  readonly format: TableFormat;
  /** Of csv and tsv; by default a comma and a tab. */
  readonly separator?: string;
  /** Of csv and tsv: whether the first line names the columns. Where not, a column's name is its number from 1. */
  readonly header?: boolean;
  /** The columns' names, for csv and tsv without a header whose columns have names by convention. */
  readonly names?: readonly string[];
  /** Of csv and tsv. */
  readonly encoding?: Encoding;
}

/** The format that a file's ending tells: `.csv .tsv .tab .jsonl .ndjson .json .parquet`, the text ones also with `.gz`. */
export function formatOf(name: string): TableFormat | undefined {
  const ending = /\.([a-z]+)(\.gz)?$/.exec(name.toLowerCase())?.[1];
  switch (ending) {
    case "csv":
    case "parquet":
    case "jsonl":
      return ending;
    case "tsv":
    case "tab":
      return "tsv";
    case "ndjson":
    case "json":
      return "jsonl";
    default:
      return undefined;
  }
}

/** The names of a table's columns; of JSON lines, the names in the first object. */
export async function columnsOf(database: Database, table: TableFile): Promise<string[]> {
  switch (table.format) {
    case "csv":
    case "tsv": {
      const layout = await layoutOf(await delimited(table), []);
      return [...layout.columns];
    }
    case "jsonl":
      return firstObjectKeys(table.file);
    case "parquet":
      return [...(await parquetTypes(database, table.file)).keys()];
  }
}

/**
 * Reads the wanted columns into a table of the database, rows in the order of the file.
 * @returns the line of a row (from 0), where the format has lines.
 */
export async function loadTableFile(
  database: Database,
  target: string,
  table: TableFile,
  wanted: readonly Wanted[],
): Promise<(row: number, text: string | null) => Promise<number | undefined>> {
  switch (table.format) {
    case "csv":
    case "tsv": {
      const layout = await layoutOf(
        await delimited(table),
        wanted.map(({ column }) => column),
      );
      requireColumns(table.file, layout.columns, wanted);
      await loadDelimited(database, target, layout, wanted);
      return (row, text) => lineOfRow(layout, row, text);
    }
    case "jsonl":
      await loadJsonLines(database, target, table.file, wanted);
      return (row) => jsonLineOfRow(table.file, row);
    case "parquet":
      await loadParquet(database, target, table.file, wanted);
      return () => Promise.resolve(undefined);
  }
}

async function delimited(table: TableFile) {
  const separator = table.separator ?? (table.format === "csv" ? "," : "\t");
  const base = { file: table.file, separator, quoted: true, encoding: table.encoding };
  if (table.names !== undefined) return { ...base, names: table.names };
  if (table.header !== false) return base;
  const head = await readHead(table.file, table.encoding);
  const fields = splitFields(head.firstLine, separator, true);
  // A single field is most likely the wrong separator: two names make the layout say so.
  const count = Math.max(2, fields.length);
  return { ...base, names: Array.from({ length: count }, (_, index) => String(index + 1)) };
}

function requireColumns(file: SourceFile, columns: readonly string[], wanted: readonly Wanted[]): void {
  const missing = wanted.find(({ column }) => !columns.includes(column));
  if (missing === undefined) return;
  throw new DataError("MISSING_COLUMN", `there is no column "${missing.column}"`, {
    file: file.label,
    column: missing.column,
    hint: suggestName(missing.column, columns),
  });
}

async function firstObjectKeys(file: SourceFile): Promise<string[]> {
  await readHead(file);
  for await (const { line, number } of linesOf(file)) {
    if (line.trim() === "") continue;
    const value = parseObject(line);
    if (value === null) throw notAnObject(file, number);
    return Object.keys(value);
  }
  return [];
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function notAnObject(file: SourceFile, line: number): DataError {
  return new DataError("BAD_LINE", "this line is not a JSON object", {
    file: file.label,
    line,
    hint: 'Each line must be one object, such as {"user": "u1", "item": "i7", "rating": 4}.',
  });
}

async function loadJsonLines(
  database: Database,
  target: string,
  file: SourceFile,
  wanted: readonly Wanted[],
): Promise<void> {
  const { bom } = await readHead(file);
  await checkWhole(file);
  const clean = bom ? await withoutMark(file) : undefined;
  try {
    const columns = wanted.map(({ column, type }) => `${literal(column)}: ${literal(type)}`).join(", ");
    const select = wanted.map(({ column, as }) => `${quoteName(column)} AS ${quoteName(as)}`).join(", ");
    await database.run(
      `CREATE TEMP TABLE ${quoteName(target)} AS SELECT ${select} FROM ` +
        `read_json(${pathLiteral(clean?.path ?? file.path)}, format = 'newline_delimited', columns = {${columns}})`,
    );
  } catch (error) {
    throw (await firstFault(file, wanted)) ?? jsonFailure(file, error);
  } finally {
    if (clean !== undefined) await rm(clean.folder, { recursive: true, force: true });
  }
  const counts = wanted.map(({ as }) => `count(${quoteName(as)})::DOUBLE`).join(", ");
  const [present] = await database.rows(`SELECT ${counts} FROM ${quoteName(target)}`);
  const absent = present.findIndex((count) => count === 0);
  if (absent === -1) return;
  const keys = await firstObjectKeys(file);
  if (!keys.includes(wanted[absent].column)) requireColumns(file, keys, [wanted[absent]]);
}

/** DuckDB takes no byte order mark before JSON. */
async function withoutMark(file: SourceFile): Promise<{ folder: string; path: string }> {
  const folder = await mkdtemp(join(tmpdir(), "llmrec-bom-"));
  const path = join(folder, "clean.jsonl");
  await pipeline(
    unpackedStream(file),
    async function* (chunks: AsyncIterable<Buffer>) {
      let first = true;
      for await (const chunk of chunks) {
        yield first ? chunk.subarray(3) : chunk;
        first = false;
      }
    },
    createWriteStream(path),
  );
  return { folder, path };
}

/** Reads the file line by line: slow, but DuckDB does not tell the line of a fault reliably. */
async function firstFault(file: SourceFile, wanted: readonly Wanted[]): Promise<DataError | undefined> {
  for await (const { line, number } of linesOf(file)) {
    if (line.trim() === "") continue;
    if (line.includes("\ufffd")) {
      return new DataError("BAD_ENCODING", "this line is not valid UTF-8", {
        file: file.label,
        line: number,
        hint: "JSON is UTF-8: convert the file (for example: iconv -f latin1 -t utf-8).",
      });
    }
    const object = parseObject(line);
    if (object === null) return notAnObject(file, number);
    for (const { column, type } of wanted) {
      const value = object[column] ?? null;
      if (type === "VARCHAR" || value === null) continue;
      const text = typeof value === "string" ? value.trim() : "";
      if (typeof value !== "number" && (text === "" || Number.isNaN(Number(text)))) {
        return new DataError("BAD_VALUE", `${JSON.stringify(value)} is not a number`, {
          file: file.label,
          line: number,
          column,
        });
      }
    }
  }
  return undefined;
}

function jsonFailure(file: SourceFile, error: unknown): DataError {
  const message = error instanceof Error ? error.message.split("\n")[0] : String(error);
  return new DataError("BAD_TABLE", `the file can't be read: ${message}`, { file: file.label, cause: error });
}

async function jsonLineOfRow(file: SourceFile, row: number): Promise<number | undefined> {
  let left = row;
  for await (const { line, number } of linesOf(file)) {
    if (line.trim() !== "" && left-- === 0) return number;
  }
  return undefined;
}

async function parquetTypes(database: Database, file: SourceFile): Promise<Map<string, string>> {
  try {
    const rows = await database.rows(
      `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${pathLiteral(file.path)}))`,
    );
    return new Map(rows as [string, string][]);
  } catch (error) {
    throw new DataError("BAD_PARQUET", "this is not a complete Parquet file", {
      file: file.label,
      hint: "Was it cut short, or is it another format under this name?",
      cause: error,
    });
  }
}

async function loadParquet(
  database: Database,
  target: string,
  file: SourceFile,
  wanted: readonly Wanted[],
): Promise<void> {
  const types = await parquetTypes(database, file);
  requireColumns(file, [...types.keys()], wanted);
  const select = wanted.map(({ column, as, type }) => {
    const name = quoteName(column);
    const stored = types.get(column)!;
    const isTime = stored.startsWith("TIMESTAMP") || stored === "DATE";
    const value =
      type === "VARCHAR"
        ? /\[\d*\]$|^(STRUCT|MAP)/.test(stored)
          ? `to_json(${name})::VARCHAR`
          : `${name}::VARCHAR`
        : isTime
          ? `epoch(${name})::${type}`
          : `${name}::${type}`;
    return `${value} AS ${quoteName(as)}`;
  });
  try {
    await database.run(
      `CREATE TEMP TABLE ${quoteName(target)} AS SELECT ${select.join(", ")} FROM read_parquet(${pathLiteral(file.path)})`,
    );
  } catch (error) {
    const message = error instanceof Error ? error.message.split("\n")[0] : String(error);
    const value = /Could not convert string '([\s\S]*?)' to/.exec(message)?.[1];
    if (value === undefined) {
      throw new DataError("BAD_PARQUET", `the file can't be read: ${message}`, {
        file: file.label,
        cause: error,
      });
    }
    throw new DataError("BAD_VALUE", `${JSON.stringify(value)} is not a number`, {
      file: file.label,
      cause: error,
    });
  }
  const [[count]] = await database.rows(`SELECT count(*)::DOUBLE FROM ${quoteName(target)}`);
  if (count === 0) throw new DataError("EMPTY_FILE", "the file has no rows", { file: file.label });
}

/** The format of a file by its ending, or an error that says how to name it. */
export function requireFormat(name: string, label: string): TableFormat {
  const format = formatOf(name);
  if (format !== undefined) return format;
  throw new UsageError("UNKNOWN_FORMAT", "the ending does not tell the format of this file", {
    file: label,
    hint: `Name it with "format:" (${TABLE_FORMATS.join(", ")}) or give it such an ending.`,
  });
}
