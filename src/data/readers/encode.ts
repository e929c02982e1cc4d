import { DataError } from "../../core/errors.js";
import type { Interactions } from "../dataset.js";
import { quoteName, type Cell, type Database } from "../../core/duckdb.js";

/** A table with the columns `user`, `item` (text) and, where there are any, `value` (FLOAT) and `time` (DOUBLE). */
export interface InteractionTable {
  readonly table: string;
  /** Whether the table has values and times. */
  readonly value: boolean;
  readonly time: boolean;
  /** The file for messages. */
  readonly label: string;
  /** The names of the columns in the file, for messages. */
  readonly columns: { user: string; item: string; value?: string; time?: string };
  /** The line of a row (from 0) in the file; undefined where the file has no lines or it can't be told. */
  lineOf(row: number, text: string | null): Promise<number | undefined>;
  /** Tables whose column `key` lists the known users or items, in order. */
  readonly users?: string;
  readonly items?: string;
}

export interface Encoded {
  readonly users: string[];
  readonly items: string[];
  readonly interactions: Interactions;
}

/** Names that stand for a missing value in other tools, and negative numbers: no id of anything. */
const BAD_ID = "[+-]?(nan|inf|infinity)|null|none|<na>|-[0-9.]+";

/** The latest time that is taken for seconds (the year 2100): larger ones are milliseconds. */
const LAST_SECOND = 4_102_444_800;

/**
 * Numbers users and items and fills the typed arrays. The numbers are those of the user and item tables where there
 * are such, in their order; then come the others by first appearance. Encoding happens in the database, by an ENUM
 * type, so that the order of rows is kept and no id becomes a JavaScript string more than once.
 * @throws DataError `BAD_VALUE`, `BAD_ID`, `BAD_TIME` with the line of the first faulty row
 */
export async function encodeInteractions(database: Database, source: InteractionTable): Promise<Encoded> {
  await checkRows(database, source);
  const users = await numberKeys(database, source, "user", source.users);
  const items = await numberKeys(database, source, "item", source.items);
  const [[count]] = await database.rows(`SELECT count(*)::DOUBLE FROM ${quoteName(source.table)}`);
  const size = count as number;
  const interactions = {
    users: new Int32Array(size),
    items: new Int32Array(size),
    values: source.value ? new Float32Array(size) : null,
    times: source.time ? new Float64Array(size) : null,
  };
  const columns = ["enum_code(user::user_key)::INTEGER", "enum_code(item::item_key)::INTEGER"];
  if (source.value) columns.push("value");
  if (source.time) columns.push("time");
  const arrays = [interactions.users, interactions.items, interactions.values, interactions.times].filter(
    (array) => array !== null,
  );
  let at = 0;
  await database.stream(`SELECT ${columns.join(", ")} FROM ${quoteName(source.table)}`, (chunk) => {
    arrays.forEach((array, column) => {
      const vector = chunk.getColumnVector(column);
      for (let row = 0; row < vector.itemCount; row++) array[at + row] = vector.getItem(row) as number;
    });
    at += chunk.rowCount;
  });
  return { users, items, interactions };
}

async function checkRows(database: Database, source: InteractionTable): Promise<void> {
  const faults = ["user IS NULL", "item IS NULL"];
  if (source.value) faults.push("value IS NULL", "NOT isfinite(value)");
  if (source.time) faults.push("time IS NULL", "NOT isfinite(time)", "time < 0", `time > ${LAST_SECOND}`);
  const [row] = await database.rows(
    `SELECT rowid::DOUBLE, user, item, ${source.value ? "value" : "0"}::VARCHAR, ` +
      `${source.time ? "time" : "0"}::VARCHAR FROM ${quoteName(source.table)} ` +
      `WHERE ${faults.join(" OR ")} ORDER BY rowid LIMIT 1`,
  );
  if ((row as unknown) === undefined) return;
  const [index, user, item, value, time] = row as [number, ...Cell[]];
  const place = {
    file: source.label,
    line: await source.lineOf(index, (user ?? item) as string | null),
  };
  for (const [name, cell] of [
    ["user", user],
    ["item", item],
    ["value", value],
    ["time", time],
  ] as const) {
    if (cell === null) {
      throw new DataError("BAD_VALUE", `the ${name} is missing`, { ...place, column: source.columns[name] });
    }
  }
  if (!Number.isFinite(Number(value))) {
    throw new DataError("BAD_VALUE", `the value ${value} is not a finite number`, {
      ...place,
      column: source.columns.value,
    });
  }
  throw new DataError("BAD_TIME", `the time ${time} is not in seconds since 1970 (up to the year 2100)`, {
    ...place,
    column: source.columns.time,
    hint: 'If it is in milliseconds, say so with "time_unit: milliseconds" in a dataset.yaml (docs/datasets.md).',
  });
}

/** Makes the ENUM type `user_key` or `item_key`, whose codes are the numbers, and returns the keys in order. */
async function numberKeys(
  database: Database,
  source: InteractionTable,
  side: "user" | "item",
  table: string | undefined,
): Promise<string[]> {
  const appeared = `SELECT ${side} AS key, min(rowid) AS place FROM ${quoteName(source.table)} GROUP BY ${side}`;
  const all =
    table === undefined
      ? `SELECT key, 1 AS part, place FROM (${appeared})`
      : `SELECT key, 0 AS part, rowid AS place FROM ${quoteName(table)} UNION ALL ` +
        `SELECT key, 1, place FROM (${appeared}) WHERE key NOT IN (SELECT key FROM ${quoteName(table)})`;
  await database.run(`CREATE TEMP TABLE ${side}_keys AS ${all}`);
  const [bad] = await database.rows(
    `SELECT key, (SELECT min(rowid) FROM ${quoteName(source.table)} r WHERE r.${side} = key)::DOUBLE FROM ${side}_keys ` +
      `WHERE regexp_full_match(lower(key), '${BAD_ID}') ORDER BY part, place LIMIT 1`,
  );
  if ((bad as unknown) !== undefined) {
    const [key, row] = bad as [string, number | null];
    throw new DataError("BAD_ID", `"${key}" can't be the id of ${side === "user" ? "a user" : "an item"}`, {
      file: source.label,
      line: row === null ? undefined : await source.lineOf(row, key),
      column: source.columns[side],
      hint: "Ids are words or non-negative numbers; was a missing value written here?",
    });
  }
  await database.run(`CREATE TYPE ${side}_key AS ENUM (SELECT key FROM ${side}_keys ORDER BY part, place)`);
  const keys: string[] = [];
  await database.stream(`SELECT key FROM ${side}_keys ORDER BY part, place`, (chunk) => {
    for (const key of chunk.getColumnValues(0)) keys.push(key as string);
  });
  return keys;
}
