import { DataError } from "../../core/errors.js";
import { quoteName, withDatabase, type Database } from "../../core/duckdb.js";
import type { CategoryColumn, Dataset, ImpressionColumn, Impressions, NumberColumn } from "../dataset.js";
import { assemble } from "./assemble.js";
import type { Wanted } from "./delimited.js";
import { encodeInteractions } from "./encode.js";
import type { ImpressionDescriptor } from "./table-descriptor.js";
import { loadTableFile, type TableFile } from "./table-file.js";
import { itemTable, userTable } from "./tables.js";
import { convertTimes, timeType } from "./times.js";

/** Which column of a log of impressions holds what. */
export type ImpressionColumns = Pick<
  ImpressionDescriptor["impressions"],
  "label" | "user" | "item" | "time" | "time_unit" | "categories" | "numbers"
>;

/** The one item of data that do not say what was shown. */
const ANY_ITEM = "impression";

type LineOf = (row: number, text: string | null) => Promise<number | undefined>;

/**
 * Reads a log whose every row is an impression with a label of 0 or 1 and columns of its own. An impression without a user
 * is a user of its own, named by its row: `#1`. A time adds the columns `hour of day` and `day of week` (UTC).
 * @throws DataError with file, line and column: those of {@link loadTableFile} and `BAD_VALUE`
 */
export async function readImpressions(
  table: TableFile,
  given: ImpressionColumns,
  { name, reader, notes }: { name: string; reader: string; notes?: readonly string[] },
): Promise<Dataset> {
  const { label, user, item, time, time_unit: unit = "seconds", categories, numbers } = given;
  const listed = [...categories, ...numbers];
  return withDatabase(async (database) => {
    const wanted: Wanted[] = [{ column: label, as: "value", type: "FLOAT" }];
    if (user !== undefined) wanted.push({ column: user, as: "user", type: "VARCHAR" });
    if (item !== undefined) wanted.push({ column: item, as: "item", type: "VARCHAR" });
    if (time !== undefined) wanted.push({ column: time, as: "time", type: timeType(unit) });
    listed.forEach((column, n) => {
      wanted.push({ column, as: `c${n}`, type: n < categories.length ? "VARCHAR" : "DOUBLE" });
    });
    const lineOf = await loadTableFile(database, "interactions", table, wanted);
    const file = table.file.label;
    if (time !== undefined) await convertTimes(database, { unit, column: time, file, lineOf });
    await checkLabels(database, file, label, lineOf);
    const reals = new Map(numbers.map((column, n) => [`c${categories.length + n}`, column]));
    await checkNumbers(database, file, reals, lineOf);
    if (user === undefined) await addColumn(database, "user", `'#' || (rowid + 1)`);
    if (item === undefined) await addColumn(database, "item", `'${ANY_ITEM}'`);
    const encoded = await encodeInteractions(database, {
      table: "interactions",
      value: true,
      time: time !== undefined,
      label: file,
      columns: { user: user ?? "user", item: item ?? "item", value: label, time },
      lineOf,
    });
    const columns = await readColumns(database, categories, numbers);
    const { times } = encoded.interactions;
    const impressions: Impressions = {
      hasUsers: user !== undefined,
      hasItems: item !== undefined,
      columns: [...columns, ...(times === null ? [] : clock(times))],
    };
    return assemble({
      name,
      reader,
      encoded: { ...encoded, interactions: { ...encoded.interactions, impressions } },
      tableRows: {},
      notes,
      users: userTable(encoded.users),
      items: itemTable(encoded.items),
    });
  });
}

async function checkLabels(database: Database, file: string, column: string, lineOf: LineOf): Promise<void> {
  const [bad] = await database.rows(
    "SELECT rowid::DOUBLE, value::VARCHAR FROM interactions WHERE value IS NULL OR value NOT IN (0, 1) ORDER BY rowid LIMIT 1",
  );
  if ((bad as unknown) === undefined) return;
  const [row, text] = bad as [number, string | null];
  throw new DataError(
    "BAD_VALUE",
    text === null ? "the label is missing" : `the label is ${Number(text)}, neither 0 nor 1`,
    {
      file,
      line: await lineOf(row, null),
      column,
      hint: "1 stands for a click, 0 for none. A test file without labels can't be used.",
    },
  );
}

/** @param columns - the names in the file, by those in the database. */
async function checkNumbers(
  database: Database,
  file: string,
  columns: ReadonlyMap<string, string>,
  lineOf: LineOf,
): Promise<void> {
  const names = [...columns.keys()];
  if (names.length === 0) return;
  const [bad] = await database.rows(
    `SELECT rowid::DOUBLE, ${names.map((name) => `${name}::VARCHAR`).join(", ")} FROM interactions ` +
      `WHERE ${names.map((name) => `NOT isfinite(${name})`).join(" OR ")} ORDER BY rowid LIMIT 1`,
  );
  if ((bad as unknown) === undefined) return;
  const [row, ...cells] = bad as [number, ...(string | null)[]];
  const at = cells.findIndex((cell) => cell !== null && !Number.isFinite(Number(cell)));
  throw new DataError("BAD_VALUE", `${cells[at]} is not a finite number`, {
    file,
    line: await lineOf(row, null),
    column: columns.get(names[at]),
    hint: "A missing number is an empty field.",
  });
}

async function addColumn(database: Database, name: "user" | "item", expression: string): Promise<void> {
  await database.run(`ALTER TABLE interactions ADD COLUMN ${quoteName(name)} VARCHAR`);
  await database.run(`UPDATE interactions SET ${quoteName(name)} = ${expression}`);
}

/** Categories are numbered inside the database, by an ENUM type each: no value becomes a JavaScript string more than once. */
async function readColumns(
  database: Database,
  categories: readonly string[],
  numbers: readonly string[],
): Promise<ImpressionColumn[]> {
  const [[count]] = await database.rows("SELECT count(*)::DOUBLE FROM interactions");
  const size = count as number;
  const texts: CategoryColumn[] = [];
  for (const [n, name] of categories.entries()) {
    const values: string[] = [];
    await database.run(
      `CREATE TYPE k${n} AS ENUM (SELECT DISTINCT coalesce(c${n}, '') FROM interactions ORDER BY 1)`,
    );
    await database.stream(`SELECT unnest(enum_range(NULL::k${n}))`, (chunk) => {
      for (const value of chunk.getColumnValues(0)) values.push(value as string);
    });
    texts.push({ kind: "category", name, values, codes: new Int32Array(size) });
  }
  const reals = numbers.map((name): NumberColumn => ({
    kind: "number",
    name,
    numbers: new Float64Array(size),
  }));
  const select = [
    ...texts.map((_, n) => `enum_code(coalesce(c${n}, '')::k${n})::INTEGER`),
    ...reals.map((_, n) => `c${texts.length + n}`),
  ];
  const arrays = [...texts.map(({ codes }) => codes), ...reals.map((column) => column.numbers)];
  let at = 0;
  await database.stream(`SELECT ${select.join(", ")} FROM interactions`, (chunk) => {
    arrays.forEach((array, column) => {
      const vector = chunk.getColumnVector(column);
      for (let row = 0; row < vector.itemCount; row++) {
        array[at + row] = (vector.getItem(row) as number | null) ?? NaN;
      }
    });
    at += chunk.rowCount;
  });
  return [...texts, ...reals];
}

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** What the clock said: clicks have their hours and their days. */
function clock(times: Float64Array): CategoryColumn[] {
  return [
    {
      kind: "category",
      name: "hour of day",
      values: Array.from({ length: 24 }, (_, hour) => String(hour)),
      codes: Int32Array.from(times, (time) => Math.floor(time / 3600) % 24),
    },
    {
      kind: "category",
      name: "day of week",
      values: DAYS,
      // The first of January 1970 was a Thursday.
      codes: Int32Array.from(times, (time) => (Math.floor(time / 86_400) + 3) % 7),
    },
  ];
}
