import type { DataFrame } from "danfojs-node";
import type { MetricColumn, Scoreboard } from "../experiment/scoreboard.js";
import { type FrameRecord, isCeiling, recordsOf, rung } from "./frame.js";
import { isBetter, type Mark, rankMarks } from "./marks.js";
import { decimalsFor, dollars, fixed, integer, seconds } from "./numbers.js";
import { significanceNotes } from "./significance.js";
import { type Cell, slug, splitMetric, type TableView, taskTitle, type ViewColumn } from "./view.js";

export interface ScoreTableOptions {
  /** The main columns only, or all. */
  readonly columns: "main" | "all";
  /** What stands after the plus-minus sign: half the 95 % interval over cases, or the deviation between seeds. */
  readonly spread: "ci95" | "sd";
}

interface BuiltColumn {
  readonly column: ViewColumn;
  readonly cells: readonly Cell[];
}

/**
 * A scoreboard's frame as a table for eyes: rows from the floor (controls) to the ceiling (oracle), the best recommender of
 * each metric marked, the second too, controls never; what was spent on the right; every note below.
 */
export function scoreTable(frame: DataFrame, scoreboard: Scoreboard, options: ScoreTableOptions): TableView {
  const records = recordsOf(frame);
  const shown = scoreboard.columns.filter((column) => options.columns === "all" || column.main);
  const built = [
    textColumn("recommender", records, (record) => String(record.recommender)),
    textColumn("kind", records, kindLabel),
    ...headed(shown).map((column) => metricColumn(column, records, options.spread)),
    ...costColumns(records),
  ];
  const widths = built.some(({ cells }) => cells.some(({ spread }) => spread !== undefined));
  const rungs = records.map((record) => rung(asRow(record)));
  return {
    title: `${taskTitle(scoreboard.task)} on ${scoreboard.dataset}`,
    label: slug(`${scoreboard.task}-${scoreboard.dataset}`),
    keys: 2,
    columns: built.map(({ column }) => column),
    sections: [...new Set(rungs)].map((level) =>
      records.flatMap((_record, at) => (rungs[at] === level ? [built.map(({ cells }) => cells[at])] : [])),
    ),
    legend: "Best bold, second underlined; controls and the ceiling do not compete.",
    notes: notesOf(scoreboard, shown, records, widths ? options.spread : null),
  };
}

function asRow(record: FrameRecord): { recommender: string; kind: "classic" | "llm" | "control" } {
  return { recommender: String(record.recommender), kind: record.kind as "classic" | "llm" | "control" };
}

function kindLabel(record: FrameRecord): string {
  return isCeiling(asRow(record)) ? "ceiling" : String(record.kind);
}

function textColumn(
  name: string,
  records: readonly FrameRecord[],
  textOf: (r: FrameRecord) => string,
): BuiltColumn {
  return {
    column: { name, group: "", title: name, align: "left" },
    cells: records.map((record) => ({ text: textOf(record) })),
  };
}

interface HeadedColumn extends MetricColumn {
  readonly group: string;
  readonly title: string;
}

/** Two header lines from names such as `recall@20/cold`: on top whichever part makes fewer groups of neighbours. */
function headed(columns: readonly MetricColumn[]): HeadedColumn[] {
  const parts = columns.map(({ name }) => splitMetric(name));
  const changes = (key: "metric" | "setting"): number =>
    parts.filter((part, at) => part[key] !== parts[at - 1]?.[key]).length;
  const metricOnTop = changes("metric") <= changes("setting");
  return columns.map((column, at) => {
    const { metric, setting } = parts[at];
    if (setting === "") return { ...column, group: "", title: metric };
    return metricOnTop
      ? { ...column, group: metric, title: setting }
      : { ...column, group: setting, title: metric };
  });
}

function metricColumn(
  { name, better, group, title }: HeadedColumn,
  records: readonly FrameRecord[],
  spread: "ci95" | "sd",
): BuiltColumn {
  const means = records.map((record) => Number(record[`${name}:mean`]));
  const decimals = decimalsFor(means);
  const eligible = records.map((record) => record.kind !== "control");
  const marks: Mark[] = rankMarks(means, eligible, better, decimals);
  const arrow = better === "lower" ? " ↓" : "";
  const signColumn = `${name}:sign`;
  return {
    column: { name: name + arrow, group, title: title + arrow, align: "right" },
    cells: records.map((record, at) => {
      const width =
        spread === "sd"
          ? Number(record[`${name}:sd`])
          : (Number(record[`${name}:ci95_high`]) - Number(record[`${name}:ci95_low`])) / 2;
      const known = Number.isFinite(width) && Number.isFinite(means[at]);
      return {
        text: fixed(means[at], decimals),
        value: means[at],
        spread: known ? fixed(width, decimals) : undefined,
        mark: marks[at],
        sign: signColumn in record && record[signColumn] !== "" ? String(record[signColumn]) : undefined,
      };
    }),
  };
}

/** Seconds and calls always; dollars where at least one row has a price. */
function costColumns(records: readonly FrameRecord[]): BuiltColumn[] {
  const cost = (
    title: string,
    valueOf: (r: FrameRecord) => number,
    write: (value: number) => string,
  ): BuiltColumn => ({
    column: { name: title, group: "cost", title, align: "right" },
    cells: records.map((record) => ({ text: write(valueOf(record)), value: valueOf(record) })),
  });
  const columns = [
    cost("seconds", secondsOf, seconds),
    cost("LLM calls", (record) => Number(record["cost:llmCalls"]), integer),
  ];
  if (records.some((record) => Number.isFinite(record["cost:usd"]))) {
    columns.push(cost("USD", (record) => Number(record["cost:usd"]), dollars));
  }
  return columns;
}

function secondsOf(record: FrameRecord): number {
  return Number(record["cost:fitSeconds"]) + Number(record["cost:answerSeconds"]);
}

function notesOf(
  scoreboard: Scoreboard,
  shown: readonly MetricColumn[],
  records: readonly FrameRecord[],
  spread: "ci95" | "sd" | null,
): string[] {
  const notes = [
    `Split: ${scoreboard.split}. ${seedsNote(scoreboard)} ${casesNote(shown, records)}`.trimEnd(),
    spreadNote(scoreboard, spread),
  ];
  if (shown.some(({ better }) => better === "lower")) notes.push("Higher is better; with ↓ lower is better.");
  const undirected = shown.filter(({ better }) => better === null).map(({ name }) => name);
  if (undirected.length > 0)
    notes.push(`Neither direction is better, so no best is marked: ${undirected.join(", ")}.`);
  notes.push(...significanceNotes(scoreboard), ...controlNotes(shown, records), ...brokenNotes(scoreboard));
  return [...notes, ...scoreboard.notes];
}

function seedsNote({ seeds }: Scoreboard): string {
  return `${seeds.length === 1 ? "Seed" : "Seeds"}: ${seeds.join(", ")}.`;
}

function spreadNote({ seeds }: Scoreboard, spread: "ci95" | "sd" | null): string {
  const parts = [
    ...(seeds.length === 1 ? [] : [`means over ${seeds.length} seeds`]),
    ...(spread === "sd" ? ["± is the standard deviation between seeds"] : []),
    ...(spread === "ci95" ? ["± is half the 95 % bootstrap interval over cases"] : []),
    "seconds are for fitting and answering",
  ];
  const sentence = parts.join("; ");
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}

/** "Cases: 1,200 (cold), 1,480 (warm, overall)." with a range where rows differ. */
function casesNote(shown: readonly MetricColumn[], records: readonly FrameRecord[]): string {
  const settings = new Map<string, Set<string>>();
  for (const { name } of shown) {
    const counts = records.map((record) => Number(record[`${name}:n`])).filter(Number.isFinite);
    if (counts.length === 0) continue;
    const [low, high] = [Math.min(...counts), Math.max(...counts)];
    const text = low === high ? integer(low) : `${integer(low)} to ${integer(high)}`;
    const { metric, setting } = splitMetric(name);
    const names = settings.get(text) ?? new Set<string>();
    settings.set(text, names.add(setting === "" ? metric : setting));
  }
  if (settings.size === 0) return "";
  const parts = [...settings].map(([text, names]) =>
    settings.size === 1 ? text : `${text} (${[...names].join(", ")})`,
  );
  return `Cases: ${parts.join("; ")}.`;
}

/** A control that no recommender beats is the first thing that a reader should know. */
function controlNotes(shown: readonly MetricColumn[], records: readonly FrameRecord[]): string[] {
  const competitors = records.filter((record) => record.kind !== "control");
  const controls = records.filter((record) => record.kind === "control" && !isCeiling(asRow(record)));
  return controls.flatMap((control) => {
    const unbeaten = shown.filter(({ name, better }) => {
      const mine = Number(control[`${name}:mean`]);
      const theirs = competitors.map((record) => Number(record[`${name}:mean`])).filter(Number.isFinite);
      if (better === null || theirs.length === 0 || !Number.isFinite(mine)) return false;
      return theirs.every((value) => !isBetter(value, mine, better));
    });
    if (unbeaten.length === 0) return [];
    return [
      `No recommender beats the control ${String(control.recommender)} on ${unbeaten.map(({ name }) => name).join(", ")}.`,
    ];
  });
}

function brokenNotes({ rows }: Scoreboard): string[] {
  return rows.flatMap((row) =>
    Object.entries(row.metrics)
      .filter(([, value]) => !Number.isFinite(value.mean))
      .map(([name]) => `${name} of ${row.recommender} is not a number and is shown as "-".`),
  );
}
