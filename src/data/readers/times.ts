import { DataError } from "../../core/errors.js";
import type { Database } from "../../core/duckdb.js";
import type { Wanted } from "./delimited.js";

/** How a time is written: unix seconds (the default), unix milliseconds, a date such as 2024-03-01T12:30:00Z, or an hour such as 24030112. */
export const TIME_UNITS = ["seconds", "milliseconds", "iso", "yymmddhh"] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

/** Units that are text in the file: how one is made a timestamp, and what a right one looks like. */
const WRITTEN: Readonly<Partial<Record<TimeUnit, { parsed: string; what: string; hint: string }>>> = {
  iso: {
    parsed: "TRY_CAST(time AS TIMESTAMP)",
    what: "a date",
    hint: "A date looks like 2024-03-01 or 2024-03-01T12:30:00Z.",
  },
  yymmddhh: {
    parsed: "try_strptime(time, '%y%m%d%H')",
    what: "an hour as YYMMDDHH",
    hint: "Noon of the first of March 2024 is 24030112.",
  },
};

/** What a time column is loaded as. */
export function timeType(unit: TimeUnit): Wanted["type"] {
  return WRITTEN[unit] === undefined ? "DOUBLE" : "VARCHAR";
}

/**
 * Turns the column `time` of the table `interactions` into unix seconds.
 * @throws DataError `BAD_VALUE` for what is no date
 */
export async function convertTimes(
  database: Database,
  origin: {
    readonly unit: TimeUnit;
    readonly column: string;
    readonly file: string;
    readonly lineOf: (row: number, text: string | null) => Promise<number | undefined>;
  },
): Promise<void> {
  const { unit, column, file, lineOf } = origin;
  if (unit === "milliseconds") await database.run("UPDATE interactions SET time = time / 1000");
  const written = WRITTEN[unit];
  if (written === undefined) return;
  const [bad] = await database.rows(
    "SELECT rowid::DOUBLE, time FROM interactions " +
      `WHERE time IS NOT NULL AND ${written.parsed} IS NULL ORDER BY rowid LIMIT 1`,
  );
  if ((bad as unknown) !== undefined) {
    const [row, text] = bad as [number, string];
    throw new DataError("BAD_VALUE", `${JSON.stringify(text)} is not ${written.what}`, {
      file,
      line: await lineOf(row, text),
      column,
      hint: written.hint,
    });
  }
  await database.run(`ALTER TABLE interactions ALTER time TYPE DOUBLE USING epoch(${written.parsed})`);
}
