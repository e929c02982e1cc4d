import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";

/** What a column of a query is read as: make the query cast to VARCHAR, DOUBLE, FLOAT or INTEGER. */
export type Cell = string | number | null;

/** A DuckDB database in memory, thrown away when the data are read. */
export interface Database {
  run(sql: string): Promise<void>;
  /** All rows of a small result. */
  rows(sql: string): Promise<Cell[][]>;
  /** Hands over a large result chunk by chunk (about 2,048 rows each), in order. */
  stream(sql: string, onChunk: (chunk: DuckDBDataChunk) => void): Promise<void>;
}

/** Rows that outgrow this are kept in a temporary folder: reading 20 million ratings stays far below 4 GB. */
const MEMORY_LIMIT = "2GB";

/**
 * Opens a database in memory, gives its connection to `use`, and closes it and removes its temporary files whatever
 * happens.
 */
export async function withConnection<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const folder = await mkdtemp(join(tmpdir(), "llmrec-duckdb-"));
  try {
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: MEMORY_LIMIT,
      temp_directory: folder,
      // Without it the order of a file's rows is not promised.
      preserve_insertion_order: "true",
    });
    try {
      const connection = await instance.connect();
      try {
        return await use(connection);
      } finally {
        connection.closeSync();
      }
    } finally {
      instance.closeSync();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** {@link withConnection} for queries. */
export function withDatabase<T>(use: (database: Database) => Promise<T>): Promise<T> {
  return withConnection((connection) =>
    use({
      async run(sql) {
        await connection.run(sql);
      },
      async rows(sql) {
        return (await connection.runAndReadAll(sql)).getRows() as Cell[][];
      },
      async stream(sql, onChunk) {
        const result = await connection.stream(sql);
        for (;;) {
          const chunk = await result.fetchChunk();
          if (chunk === null || chunk.rowCount === 0) return;
          onChunk(chunk);
        }
      },
    }),
  );
}

/** A string as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A file's path as an SQL literal; characters that DuckDB would take for a pattern stand for themselves. */
export function pathLiteral(path: string): string {
  return literal(path.replace(/[*?[]/g, "[$&]"));
}

/** A column's name in SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
