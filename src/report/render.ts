import type { CostSheet, Scoreboard } from "../experiment/scoreboard.js";
import type { Comparison } from "./compare.js";
import { comparisonFrame, comparisonJson, comparisonTable } from "./compare-table.js";
import { toCsv } from "./csv.js";
import { scoreFrame } from "./frame.js";
import { toJson } from "./json.js";
import { toLatex } from "./latex.js";
import { toMarkdown } from "./markdown.js";
import { scoreTable, type ScoreTableOptions } from "./score-table.js";
import { type TextOptions, toText } from "./text.js";
import type { TableView } from "./view.js";

/** The formats of a table, by the ending of their files (`text` is `txt`). */
export const TABLE_FORMATS = ["text", "md", "csv", "tex", "json"] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

export type RenderOptions = Partial<ScoreTableOptions & TextOptions>;

/**
 * A scoreboard as text in one format. By default `text` and `tex` show the main columns and `md` all; `csv` and `json` always
 * hold everything. `width` (110) and `ansi` (false) matter to `text` only.
 * @throws DataError NOTHING_MEASURED for a scoreboard without rows.
 */
export async function renderScoreboard(
  scoreboard: Scoreboard,
  cost: CostSheet,
  format: TableFormat,
  options: RenderOptions = {},
): Promise<string> {
  const frame = await scoreFrame(scoreboard, cost);
  if (format === "csv") return toCsv(frame);
  if (format === "json") return toJson(frame, scoreboard);
  const columns = options.columns ?? (format === "md" ? "all" : "main");
  const view = scoreTable(frame, scoreboard, { columns, spread: options.spread ?? "ci95" });
  return printed(view, format, options);
}

/** A comparison as text in one format; the options mean the same as for a scoreboard. */
export async function renderComparison(
  comparison: Comparison,
  format: TableFormat,
  options: RenderOptions = {},
): Promise<string> {
  const frame = await comparisonFrame(comparison);
  if (format === "csv") return toCsv(frame);
  if (format === "json") return comparisonJson(frame, comparison);
  const columns = options.columns ?? (format === "md" ? "all" : "main");
  return printed(comparisonTable(frame, comparison, columns), format, options);
}

function printed(view: TableView, format: "text" | "md" | "tex", options: RenderOptions): string {
  if (format === "md") return toMarkdown(view);
  if (format === "tex") return toLatex(view);
  return toText(view, { width: options.width ?? 110, ansi: options.ansi ?? false });
}
