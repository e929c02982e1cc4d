import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { literal, pathLiteral, quoteName, withConnection } from "./duckdb.js";
import { writeAtomicallyBy } from "./files.js";

/** A column to write: typed arrays keep their type, text is VARCHAR; null is NULL. */
export type ParquetColumn =
  Int32Array | Float32Array | Float64Array | Uint8Array | readonly (string | null)[];

/** A column as read: numbers (NaN for NULL) or text. */
export type ReadColumn = Float64Array | readonly (string | null)[] | readonly string[][];

const ROWS_PER_CHUNK = 2048;

/**
 * Writes parallel columns as one Parquet file, atomically. Equal columns give equal bytes.
 * @param metadata - key-value pairs kept in the file's footer.
 */
export async function writeParquet(
  path: string,
  columns: Readonly<Record<string, ParquetColumn>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { DuckDBDataChunk, DOUBLE, FLOAT, INTEGER, LIST, listValue, UTINYINT, VARCHAR } =
    await import("@duckdb/node-api");
  const typeOf = (column: ParquetColumn): DuckDBType => {
    if (column instanceof Int32Array) return INTEGER;
    if (column instanceof Float32Array) return FLOAT;
    if (column instanceof Float64Array) return DOUBLE;
    if (column instanceof Uint8Array) return UTINYINT;
    return Array.isArray(column[0]) ? LIST(VARCHAR) : VARCHAR;
  };
  const valueOf = (cell: number | string | null | readonly string[]): DuckDBValue => {
    if (Number.isNaN(cell)) return null;
    return cell !== null && typeof cell === "object" ? listValue([...cell]) : cell;
  };
  const names = Object.keys(columns);
  const data = Object.values(columns);
  const types = data.map(typeOf);
  const rows = data[0]?.length ?? 0;
  await withConnection(async (connection) => {
    const declared = names.map((name, index) => `${quoteName(name)} ${types[index].toString()}`).join(", ");
    await connection.run(`CREATE TABLE rows (${declared})`);
    const appender = await connection.createAppender("rows");
    for (let from = 0; from < rows; from += ROWS_PER_CHUNK) {
      const to = Math.min(rows, from + ROWS_PER_CHUNK);
      const chunk = DuckDBDataChunk.create(types, to - from);
      data.forEach((column, index) => {
        chunk.setColumnValues(
          index,
          Array.from<Parameters<typeof valueOf>[0], DuckDBValue>(column.slice(from, to), valueOf),
        );
      });
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    const pairs = Object.entries(metadata).map(([key, value]) => `${quoteName(key)}: ${literal(value)}`);
    const keyValues = pairs.length === 0 ? "" : `, KV_METADATA {${pairs.join(", ")}}`;
    await writeAtomicallyBy(path, async (temporary) => {
      await connection.run(
        `COPY rows TO ${literal(temporary)} (FORMAT parquet, COMPRESSION zstd${keyValues})`,
      );
    });
  });
}

/** The columns of a Parquet file in their order; numbers of any type as float64. */
export async function readParquet(path: string): Promise<Record<string, ReadColumn>> {
  return withConnection(async (connection) => {
    const result = await connection.runAndReadAll(`SELECT * FROM read_parquet(${pathLiteral(path)})`);
    const names = result.deduplicatedColumnNames();
    const columns = result.getColumnsJS();
    const read: Record<string, ReadColumn> = {};
    names.forEach((name, index) => {
      const column = columns[index];
      const isText = result.columnType(index).toString().startsWith("VARCHAR");
      read[name] = isText
        ? (column as readonly (string | null)[] | readonly string[][])
        : Float64Array.from(column, (value) => (value === null ? NaN : Number(value)));
    });
    return read;
  });
}

/** The key-value pairs of a Parquet file's footer. */
export async function readParquetMetadata(path: string): Promise<Record<string, string>> {
  return withConnection(async (connection) => {
    const query = `SELECT decode(key) AS k, decode(value) AS v FROM parquet_kv_metadata(${pathLiteral(path)})`;
    const rows = (await connection.runAndReadAll(query)).getRowsJS() as [string, string][];
    return Object.fromEntries(rows);
  });
}
