import { DataError } from "../../core/errors.js";
import type { Column, ItemTable, UserTable } from "../dataset.js";
import { lineOfRow, loadDelimited, type Layout, type Wanted } from "./delimited.js";
import { quoteName, type Cell, type Database } from "../../core/duckdb.js";

/** A user or item table as read: columns parallel to the keys of the table, which may be fewer than those of the data set. */
export type RawColumns = ReadonlyMap<string, readonly Cell[]>;

/**
 * Loads a user or item table whose ids are the wanted column `key`, and checks the ids.
 * @throws DataError `DUPLICATE_ID`, `BAD_VALUE` (a missing id) besides those of {@link loadDelimited}
 */
export async function loadKeyTable(
  database: Database,
  target: string,
  layout: Layout,
  wanted: readonly Wanted[],
): Promise<RawColumns> {
  await loadDelimited(database, target, layout, wanted);
  return keyTableColumns(database, target, {
    label: layout.file.label,
    keyColumn: wanted.find(({ as }) => as === "key")!.column,
    columns: wanted.map(({ as }) => as),
    lineOf: (row, text) => lineOfRow(layout, row, text),
  });
}

/** Where the rows of a key table come from, for its messages. */
export interface KeyTableOrigin {
  readonly label: string;
  /** The id's column in the file. */
  readonly keyColumn: string;
  /** The columns to hand back. */
  readonly columns: readonly string[];
  lineOf(row: number, text: string | null): Promise<number | undefined>;
}

/** Checks the ids of a table that is in the database already, and hands back its columns. */
export async function keyTableColumns(
  database: Database,
  target: string,
  origin: KeyTableOrigin,
): Promise<RawColumns> {
  const table = quoteName(target);
  const place = { file: origin.label, column: origin.keyColumn };
  const [empty] = await database.rows(`SELECT min(rowid)::DOUBLE FROM ${table} WHERE key IS NULL`);
  if (empty[0] !== null) {
    throw new DataError("BAD_VALUE", "the id is missing", {
      ...place,
      line: await origin.lineOf(empty[0] as number, null),
    });
  }
  const [twice] = await database.rows(
    `SELECT key, min(rowid)::DOUBLE, list(rowid ORDER BY rowid)[2]::DOUBLE AS again FROM ${table} ` +
      "GROUP BY key HAVING count(*) > 1 ORDER BY again LIMIT 1",
  );
  if ((twice as unknown) !== undefined) {
    const [key, first, again] = twice as [string, number, number];
    const firstLine = await origin.lineOf(first, key);
    throw new DataError(
      "DUPLICATE_ID",
      `the id "${key}" was given before${firstLine === undefined ? "" : `, on line ${firstLine}`}`,
      {
        ...place,
        line: await origin.lineOf(again, key),
        hint: "Each id may have one row: delete the others.",
      },
    );
  }
  const columns = new Map<string, Cell[]>(origin.columns.map((name) => [name, []]));
  await database.stream(`SELECT ${origin.columns.map(quoteName).join(", ")} FROM ${table}`, (chunk) => {
    origin.columns.forEach((name, index) => {
      const column = columns.get(name)!;
      for (const cell of chunk.getColumnValues(index)) column.push(cell as Cell);
    });
  });
  return columns;
}

/** A column as text of the wanted length: "" where it is empty or ends earlier. */
export function textColumn(cells: readonly Cell[] | undefined, length: number): string[] {
  return Array.from({ length }, (_, row) => String(cells?.[row] ?? "").trim());
}

/** A column as numbers of the wanted length: NaN where it is empty, ends earlier or is no number. */
export function numberColumn(cells: readonly Cell[] | undefined, length: number): Float64Array {
  return Float64Array.from({ length }, (_, row) => {
    const cell = cells?.[row] ?? null;
    return cell === null || String(cell).trim() === "" ? NaN : Number(cell);
  });
}

/** What data sets write where an item has no genre. */
const NO_GENRE = new Set(["", "(no genres listed)", "unknown"]);

/** Genre names in the order of their first appearance, and each item's genres as listed, each once. */
export function encodeCategories(
  lists: readonly (readonly string[])[],
): Pick<ItemTable, "categoryNames" | "categories"> {
  const numbers = new Map<string, number>();
  const categories = lists.map((list) => {
    const own: number[] = [];
    for (const raw of list) {
      const name = raw.trim();
      if (NO_GENRE.has(name)) continue;
      let number = numbers.get(name);
      if (number === undefined) numbers.set(name, (number = numbers.size));
      if (!own.includes(number)) own.push(number);
    }
    return own;
  });
  return { categoryNames: [...numbers.keys()], categories };
}

/** An item table; columns shorter than the keys are filled up with "", NaN and no genres. */
export function itemTable(
  keys: readonly string[],
  parts: {
    titles?: readonly Cell[];
    texts?: Readonly<Record<string, readonly Cell[]>>;
    categories?: readonly (readonly string[])[];
    attributes?: Readonly<Record<string, Column>>;
  } = {},
): ItemTable {
  const length = keys.length;
  const lists = parts.categories ?? [];
  return {
    keys,
    titles: textColumn(parts.titles, length),
    texts: mapValues(parts.texts ?? {}, (cells) => textColumn(cells, length)),
    ...encodeCategories(Array.from({ length }, (_, item) => lists[item] ?? [])),
    attributes: padded(parts.attributes, length),
  };
}

/** A user table; columns shorter than the keys are filled up with "" and NaN. */
export function userTable(
  keys: readonly string[],
  attributes: Readonly<Record<string, Column>> = {},
): UserTable {
  return { keys, attributes: padded(attributes, keys.length) };
}

function padded(columns: Readonly<Record<string, Column>> = {}, length: number): Record<string, Column> {
  return mapValues(columns, (column) =>
    column instanceof Float64Array ? numberColumn([...column], length) : textColumn(column, length),
  );
}

function mapValues<In, Out>(
  record: Readonly<Record<string, In>>,
  map: (value: In) => Out,
): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
