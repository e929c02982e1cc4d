import type { DataFrame } from "danfojs-node";
import { DataError } from "../core/errors.js";
import type { CostSheet, ScoreRow, Scoreboard } from "../experiment/scoreboard.js";
import { signOf } from "./significance.js";

/** What the frame keeps of every metric, in this order, as columns `METRIC:PART`. */
export const METRIC_PARTS = ["mean", "sd", "ci95_low", "ci95_high", "n"] as const;

/** What the frame keeps of every cost, in this order, as columns `cost:PART`. */
export const COST_PARTS = [
  "fitSeconds",
  "answerSeconds",
  "llmCalls",
  "promptTokens",
  "completionTokens",
  "usd",
] as const;

/** One line of a frame: text and numbers by column name. A missing number is NaN. */
export type FrameRecord = Readonly<Record<string, string | number>>;

/**
 * A danfojs DataFrame of the records, columns in the order of the first one. Every record must have the same columns.
 * @throws DataError NOTHING_MEASURED for no records: danfojs knows no empty frame, and an empty table is no result.
 */
export async function frameOf(records: readonly FrameRecord[]): Promise<DataFrame> {
  if (records.length === 0) {
    throw new DataError("NOTHING_MEASURED", "the result has no rows: nothing was measured", {
      hint: "Look at the run's warnings, and run it again with at least one recommender.",
    });
  }
  const columns = Object.keys(records[0]);
  const danfo = await import("danfojs-node");
  return new danfo.DataFrame(
    records.map((record) => columns.map((column) => record[column])),
    { columns },
  );
}

/** The lines of a frame, in its order. */
export function recordsOf(frame: DataFrame): FrameRecord[] {
  const columns = frame.columns;
  return (frame.values as (string | number)[][]).map((values) =>
    Object.fromEntries(columns.map((column, at) => [column, values[at]])),
  );
}

/**
 * The one table that every format is written from: a line a recommender, with `task, dataset, split, seeds,
 * recommender, kind`, then `METRIC:mean, METRIC:sd, METRIC:ci95_low, METRIC:ci95_high, METRIC:n` for each column of the
 * scoreboard (and, where it was tested, `METRIC:sign` and `METRIC:vs:ROW:...`), then `cost:...`. Numbers are as measured, unrounded; what is not known is NaN. The lines lead from the
 * floor to the ceiling: controls, classic recommenders, language models, the oracle; within each as in the scoreboard.
 */
export async function scoreFrame(scoreboard: Scoreboard, cost: CostSheet): Promise<DataFrame> {
  const records = ladder(scoreboard.rows).map((row) => {
    const record: Record<string, string | number> = {
      task: scoreboard.task,
      dataset: scoreboard.dataset,
      split: scoreboard.split,
      seeds: scoreboard.seeds.join(" "),
      recommender: row.recommender,
      kind: row.kind,
    };
    for (const { name } of scoreboard.columns) {
      const value = Object.hasOwn(row.metrics, name) ? row.metrics[name] : undefined;
      const parts = [value?.mean, value?.sd, value?.ci95?.[0], value?.ci95?.[1], value?.n];
      METRIC_PARTS.forEach((part, at) => (record[`${name}:${part}`] = parts[at] ?? NaN));
      Object.assign(record, testColumns(scoreboard, row.recommender, name));
    }
    const spent = Object.hasOwn(cost, row.recommender) ? cost[row.recommender] : undefined;
    for (const part of COST_PARTS) record[`cost:${part}`] = spent?.[part] ?? NaN;
    return record;
  });
  return frameOf(records);
}

/** `METRIC:sign`, and `METRIC:vs:ROW:difference` and `:p` for each row that the metric was tested against by anyone. */
function testColumns(
  scoreboard: Scoreboard,
  recommender: string,
  metric: string,
): Record<string, string | number> {
  const tested = (scoreboard.comparisons?.results ?? []).filter((one) => one.metric === metric);
  if (tested.length === 0) return {};
  const columns: Record<string, string | number> = {
    [`${metric}:sign`]: signOf(scoreboard, recommender, metric),
  };
  for (const to of new Set(tested.map((one) => one.to))) {
    const own = tested.find((one) => one.recommender === recommender && one.to === to);
    columns[`${metric}:vs:${to}:difference`] = own?.difference ?? NaN;
    columns[`${metric}:vs:${to}:p`] = own?.adjusted ?? NaN;
  }
  return columns;
}

/** True for the controls that know the truth (`oracle`, `oracle-...`) or the answers (`best-attainable`): the ceiling, out of competition. */
export function isCeiling(row: Pick<ScoreRow, "recommender" | "kind">): boolean {
  return row.kind === "control" && /^(oracle(-|$)|best-attainable$)/.test(row.recommender);
}

/** Rows from the floor to the ceiling: controls, classic, llm, oracle; the order within each is kept. */
export function ladder<R extends Pick<ScoreRow, "recommender" | "kind">>(rows: readonly R[]): R[] {
  return [...rows].sort((a, b) => rung(a) - rung(b));
}

/** The row's group in tables: 0 controls, 1 classic, 2 llm, 3 ceiling. */
export function rung(row: Pick<ScoreRow, "recommender" | "kind">): number {
  if (row.kind === "control") return isCeiling(row) ? 3 : 0;
  return row.kind === "classic" ? 1 : 2;
}
