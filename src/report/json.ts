import type { DataFrame } from "danfojs-node";
import type { MetricValue, Scoreboard } from "../experiment/scoreboard.js";
import { COST_PARTS, type FrameRecord, recordsOf } from "./frame.js";

/** One line of the JSON table and of a command's `--json`: what is not known is null. */
export interface JsonRow {
  readonly recommender: string;
  readonly kind: string;
  readonly metrics: Readonly<Record<string, MetricValue | null>>;
  readonly cost: Readonly<Record<(typeof COST_PARTS)[number], number | null>>;
}

/** The lines of a scoreboard's frame as nested objects, with the same numbers. */
export function jsonRows(frame: DataFrame, { columns }: Scoreboard): JsonRow[] {
  return recordsOf(frame).map((record) => ({
    recommender: String(record.recommender),
    kind: String(record.kind),
    metrics: Object.fromEntries(columns.map(({ name }) => [name, metricOf(record, name)])),
    cost: Object.fromEntries(
      COST_PARTS.map((part) => [part, numberOrNull(record, `cost:${part}`)]),
    ) as JsonRow["cost"],
  }));
}

/** The mean with its spread from the columns that begin with `prefix:`; null where nothing was measured. */
export function metricOf(record: FrameRecord, prefix: string): MetricValue | null {
  const mean = numberOrNull(record, `${prefix}:mean`);
  if (mean === null) return null;
  const low = numberOrNull(record, `${prefix}:ci95_low`);
  const high = numberOrNull(record, `${prefix}:ci95_high`);
  return {
    mean,
    sd: numberOrNull(record, `${prefix}:sd`),
    ci95: low === null || high === null ? null : [low, high],
    n: numberOrNull(record, `${prefix}:n`) ?? 0,
  };
}

/** The value of a column, or null where it is no number. */
export function numberOrNull(record: FrameRecord, column: string): number | null {
  const value = record[column];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The scoreboard with its rows from the frame and their cost, indented, with a final newline. */
export function toJson(frame: DataFrame, scoreboard: Scoreboard): string {
  return JSON.stringify({ ...scoreboard, rows: jsonRows(frame, scoreboard) }, null, 2) + "\n";
}
