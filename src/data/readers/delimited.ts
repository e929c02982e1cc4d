import { DataError } from "../../core/errors.js";
import { suggestName } from "../../core/names.js";
import type { SourceFile } from "../source.js";
import { literal, pathLiteral, quoteName, type Database } from "../../core/duckdb.js";
import {
  checkWhole,
  guessSeparator,
  linesOf,
  readHead,
  separatorName,
  splitFields,
  unpackedStream,
  type FileHead,
} from "./head.js";

/** How text is stored: `latin-1` is ISO 8859-1. */
export type Encoding = "utf-8" | "latin-1";

/** A text table on disk. */
export interface DelimitedFile {
  readonly file: SourceFile;
  readonly separator: string;
  /** Whether a field may stand in double quotes. Where not, a quote is a letter like any other. */
  readonly quoted: boolean;
  /** The names of its columns where the file has no header line. */
  readonly names?: readonly string[];
  readonly encoding?: Encoding;
}

/** The columns of a text table and where its rows begin. */
export interface Layout extends DelimitedFile {
  readonly columns: readonly string[];
  readonly head: FileHead;
}

/**
 * Reads a table's header (or first row) and checks it.
 * @param required - columns that must be there, by name.
 * @throws DataError `EMPTY_FILE`, `WRONG_SEPARATOR`, `MISSING_COLUMN`, `DUPLICATE_COLUMN`
 */
export async function layoutOf(table: DelimitedFile, required: readonly string[]): Promise<Layout> {
  const head = await readHead(table.file, table.encoding);
  const { separator, quoted, names, file } = table;
  const found = splitFields(head.firstLine, separator, quoted).map((field) => field.trim());
  const other = guessSeparator(head.firstLine, quoted);
  const wrongSeparator = () =>
    new DataError(
      "WRONG_SEPARATOR",
      `the columns are separated by ${separatorName(other!.separator)}, but ${separatorName(separator)} was expected`,
      {
        file: file.label,
        line: head.lineNumber,
        hint: `Change the file, or name its separator in a dataset.yaml (separator: ${JSON.stringify(other!.separator)}; docs/datasets.md).`,
      },
    );

  if (names !== undefined) {
    if (found.length === names.length) return { ...table, columns: names, head };
    if (other !== null && other.separator !== separator && found.length === 1) throw wrongSeparator();
    throw new DataError(
      found.length < names.length ? "MISSING_COLUMN" : "EXTRA_FIELDS",
      `${names.length} columns were expected (${names.join(", ")}), separated by ${separatorName(separator)}; this line has ${found.length}`,
      { file: file.label, line: head.lineNumber },
    );
  }

  if (found.length === 1 && other !== null && other.separator !== separator) throw wrongSeparator();
  const missing = required.find((name) => !found.includes(name));
  if (missing !== undefined) {
    const elsewhere = other?.separator !== separator && other?.fields.map((field) => field.trim());
    if (elsewhere && required.every((name) => elsewhere.includes(name))) throw wrongSeparator();
    throw new DataError("MISSING_COLUMN", `there is no column "${missing}"`, {
      file: file.label,
      line: head.lineNumber,
      column: missing,
      hint: suggestName(missing, found),
    });
  }
  const twice = found.find((name, index) => found.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new DataError("DUPLICATE_COLUMN", `two columns have the name "${twice}"`, {
      file: file.label,
      line: head.lineNumber,
      column: twice,
    });
  }
  return { ...table, columns: found, head };
}

/** Lines that can't be read are counted up to this many; the first is reported. */
const MAX_REJECTS = 1000;

/** A column to keep: its name in the file, its name in the table made of it, and its type. */
export interface Wanted {
  readonly column: string;
  readonly as: string;
  readonly type: "VARCHAR" | "FLOAT" | "DOUBLE";
}

/**
 * Reads the wanted columns of a text table into a table of the database, rows in the order of the file. An empty
 * field is NULL.
 * @throws DataError with file, line and column: `BAD_VALUE`, `MISSING_FIELDS`, `EXTRA_FIELDS`, `BAD_QUOTE`,
 *   `BAD_ENCODING`, `MIXED_LINE_ENDINGS`, `EMPTY_FILE` (a header alone)
 */
export async function loadDelimited(
  database: Database,
  target: string,
  layout: Layout,
  wanted: readonly Wanted[],
): Promise<void> {
  const { file, separator, quoted, names, encoding = "utf-8" } = layout;
  const quote = literal(quoted ? '"' : "");
  // With header = true the parser skips the first line that isn't empty.
  const typeOf = new Map(wanted.map(({ column, type }) => [column, type]));
  const columns = layout.columns
    .map((name) => `${literal(name)}: ${literal(typeOf.get(name) ?? "VARCHAR")}`)
    .join(", ");
  const select = wanted.map(({ column, as }) => `${quoteName(column)} AS ${quoteName(as)}`).join(", ");
  await checkWhole(file);
  await database.run("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans");
  try {
    await database.run(
      `CREATE TEMP TABLE ${quoteName(target)} AS SELECT ${select} FROM read_csv(${pathLiteral(file.path)}, ` +
        `auto_detect = false, delim = ${literal(separator)}, quote = ${quote}, escape = ${quote}, ` +
        `header = ${names === undefined ? "true" : "false"}, encoding = ${literal(encoding)}, ` +
        `columns = {${columns}}, store_rejects = true, rejects_limit = ${MAX_REJECTS})`,
    );
  } catch (error) {
    throw await parserError(error, layout);
  }
  await throwFirstReject(database, layout);
  const [[count]] = await database.rows(`SELECT count(*)::DOUBLE FROM ${quoteName(target)}`);
  if (count === 0) {
    throw new DataError("EMPTY_FILE", "the file has a header but no rows", { file: file.label });
  }
}

async function throwFirstReject(database: Database, layout: Layout): Promise<void> {
  const [row] = await database.rows(
    "SELECT line::DOUBLE, column_idx::DOUBLE, column_name, error_type::VARCHAR, error_message, " +
      "(SELECT count(DISTINCT line) FROM reject_errors)::DOUBLE " +
      "FROM reject_errors ORDER BY line, column_idx LIMIT 1",
  );
  if ((row as unknown) === undefined) return;
  const [line, index, name, type, message, lines] = row as [
    number,
    number,
    string | null,
    string,
    string,
    number,
  ];
  const column = name ?? layout.columns[index - 1];
  const more =
    lines > 1 ? `; ${lines - 1}${lines >= MAX_REJECTS ? " or more" : ""} other lines are faulty too` : "";
  const place = { file: layout.file.label, line: await lineOfParsed(layout, line) };
  switch (type) {
    case "CAST": {
      const value = /Could not convert string "([\s\S]*)" to/.exec(message)?.[1] ?? "";
      throw new DataError("BAD_VALUE", `${JSON.stringify(value)} is not a number${more}`, {
        ...place,
        column,
      });
    }
    case "MISSING COLUMNS":
      throw new DataError(
        "MISSING_FIELDS",
        `this line has fewer fields than the ${layout.columns.length} columns${more}`,
        { ...place, column, hint: `The separator is ${separatorName(layout.separator)}.` },
      );
    case "TOO MANY COLUMNS":
      throw new DataError(
        "EXTRA_FIELDS",
        `this line has more fields than the ${layout.columns.length} columns${more}`,
        {
          ...place,
          column: layout.columns.length + 1,
          hint: `The separator is ${separatorName(layout.separator)}: a text that contains it must stand in double quotes.`,
        },
      );
    case "UNQUOTED VALUE":
      throw new DataError("BAD_QUOTE", `a double quote is not closed, or text follows it${more}`, {
        ...place,
        column,
        hint: 'Inside a quoted field a double quote is written twice: "".',
      });
    case "INVALID ENCODING":
      throw badEncoding(place);
    default:
      throw new DataError("BAD_LINE", `${message.trim()}${more}`, { ...place, column });
  }
}

/** The error of a text that isn't UTF-8. */
export function badEncoding(place: { file: string; line: number }): DataError {
  return new DataError("BAD_ENCODING", "this line is not valid UTF-8", {
    ...place,
    hint: 'If the file is Latin-1 (ISO 8859-1), say so with "encoding: latin-1" in a dataset.yaml (docs/datasets.md), or convert it: iconv -f latin1 -t utf-8.',
  });
}

async function parserError(error: unknown, layout: Layout): Promise<unknown> {
  const message = error instanceof Error ? error.message : "";
  const file = layout.file.label;
  if (/not utf-8|unicode|encoding/i.test(message)) {
    return badEncoding({ file, line: Number(/line:? (\d+)/i.exec(message)?.[1] ?? layout.head.lineNumber) });
  }
  if (message.includes("state machine")) {
    const line = await mixedLineEnding(layout.file);
    if (line !== undefined) {
      return new DataError("MIXED_LINE_ENDINGS", "this line ends differently from the first", {
        file,
        line,
        hint: "Make all line endings equal (for example with dos2unix).",
        cause: error,
      });
    }
  }
  return new DataError("BAD_TABLE", `the table can't be read: ${message.split("\n")[0]}`, {
    file,
    cause: error,
  });
}

/** The number of the first line that doesn't end as line 1 does. */
async function mixedLineEnding(file: SourceFile): Promise<number | undefined> {
  let number = 0;
  let first: boolean | undefined;
  // linesOf takes both endings for one, so here the file is cut at line feeds alone.
  for await (const { endsInReturn } of rawLines(file)) {
    number++;
    first ??= endsInReturn;
    if (endsInReturn !== first) return number;
  }
  return undefined;
}

async function* rawLines(file: SourceFile): AsyncGenerator<{ endsInReturn: boolean }> {
  let last = 0;
  for await (const chunk of unpackedStream(file)) {
    const bytes = chunk as Buffer;
    for (const [index, byte] of bytes.entries()) {
      if (byte === 10) yield { endsInReturn: (index === 0 ? last : bytes[index - 1]) === 13 };
    }
    last = bytes[bytes.length - 1];
  }
}

/** The lines of a text table; those within a quoted field do not begin a row. */
async function* tableLines(
  layout: Layout,
): AsyncGenerator<{ line: string; number: number; beginsRow: boolean }> {
  const encoding = layout.encoding === "latin-1" ? "latin1" : "utf8";
  let isOpen = false;
  for await (const { line, number } of linesOf(layout.file, encoding)) {
    yield { line, number, beginsRow: !isOpen };
    // Each field has as many quotes as it closes, those written twice included.
    if (layout.quoted && (line.split('"').length - 1) % 2 === 1) isOpen = !isOpen;
  }
}

/** The line in which the n-th row (from 1) begins, the header and empty ones counted: so does the parser count lines. */
async function lineOfParsed(layout: Layout, row: number): Promise<number> {
  let left = row;
  for await (const { number, beginsRow } of tableLines(layout)) if (beginsRow && --left === 0) return number;
  return row;
}

/**
 * The line in which the n-th data row (from 0) begins, or undefined where it can't be told for sure: the parser skips empty lines, so
 * the row found must hold the given text.
 */
export async function lineOfRow(
  layout: Layout,
  row: number,
  text: string | null,
): Promise<number | undefined> {
  let left = row + (layout.names === undefined ? 1 : 0);
  let start: number | undefined;
  for await (const { line, number, beginsRow } of tableLines(layout)) {
    if (beginsRow) {
      if (start !== undefined) return undefined;
      if (line !== "" && left-- === 0) start = number;
    }
    if (start !== undefined && (text === null || line.includes(text))) return start;
  }
  return undefined;
}
