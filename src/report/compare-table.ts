import type { DataFrame } from "danfojs-node";
import type { Comparison, ComparisonLine } from "./compare.js";
import { type FrameRecord, frameOf, METRIC_PARTS, recordsOf } from "./frame.js";
import { metricOf, numberOrNull } from "./json.js";
import { rankMarks } from "./marks.js";
import { decimalsFor, dollars, fixed, integer, seconds, signed } from "./numbers.js";
import { type Cell, slug, type TableView, taskTitle, type ViewColumn } from "./view.js";

/** A line a metric and recommender; each run's columns are `RUN:mean` ... `RUN:n, RUN:difference, RUN:sign`. */
export async function comparisonFrame(comparison: Comparison): Promise<DataFrame> {
  return frameOf(
    comparison.lines.map((line) => {
      const record: Record<string, string | number> = {
        task: comparison.task,
        dataset: comparison.dataset,
        metric: line.metric,
        better: line.better ?? "",
        recommender: line.recommender,
        kind: line.kind,
      };
      comparison.runs.forEach(({ name }, at) => {
        const value = line.values[at];
        const parts = [value?.mean, value?.sd, value?.ci95?.[0], value?.ci95?.[1], value?.n];
        METRIC_PARTS.forEach((part, of) => (record[`${name}:${part}`] = parts[of] ?? NaN));
        record[`${name}:difference`] = line.differences[at] ?? NaN;
        record[`${name}:sign`] = line.signs[at] ?? "";
      });
      return record;
    }),
  );
}

/** The comparison as one JSON object, its figures from the frame. */
export function comparisonJson(frame: DataFrame, comparison: Comparison): string {
  const { task, dataset, split, runs, notes, warnings } = comparison;
  const rows = recordsOf(frame).map((record) => ({
    metric: record.metric,
    better: record.better === "" ? null : record.better,
    recommender: record.recommender,
    kind: record.kind,
    runs: runs.map(({ name }) => ({
      run: name,
      value: metricOf(record, name),
      difference: numberOrNull(record, `${name}:difference`),
      sign: record[`${name}:sign`] === "" ? null : record[`${name}:sign`],
    })),
  }));
  return (
    JSON.stringify({ schemaVersion: 1, task, dataset, split, runs, rows, notes, warnings }, null, 2) + "\n"
  );
}

/** The comparison as a table for eyes: a section a metric, the best run of each line bold. */
export function comparisonTable(
  frame: DataFrame,
  comparison: Comparison,
  columns: "main" | "all",
): TableView {
  const records = recordsOf(frame);
  const shown = comparison.lines.flatMap((line, at) =>
    columns === "all" || line.main ? [{ line, record: records[at] }] : [],
  );
  const metrics = [...new Set(shown.map(({ line }) => line.metric))];
  const names = comparison.runs.map(({ name }) => name);
  return {
    title: `${taskTitle(comparison.task)} on ${comparison.dataset}: ${names.join(", ")}`,
    label: slug(`compare-${comparison.task}-${comparison.dataset}`),
    keys: 2,
    columns: [
      { name: "metric", group: "", title: "metric", align: "left" },
      { name: "recommender", group: "", title: "recommender", align: "left" },
      ...names.flatMap((name, at) => runColumns(name, at, names[0])),
    ],
    sections: metrics.map((metric) => {
      const section = shown.filter(({ line }) => line.metric === metric);
      const means = section.flatMap(({ line }) => line.values.map((value) => value?.mean ?? NaN));
      return section.map(({ line, record }) => cellsOf(line, record, names, decimalsFor(means)));
    }),
    legend: "The best run of each line is bold.",
    notes: [
      `Split: ${comparison.split}. Differences are to ${names[0]}; with ↓ lower is better.`,
      ...comparison.notes,
      ...comparison.warnings,
    ],
  };
}

function runColumns(name: string, at: number, first: string): ViewColumn[] {
  const value: ViewColumn = { name, group: name, title: "value", align: "right" };
  if (at === 0) return [value];
  return [value, { name: `${name} - ${first}`, group: name, title: "difference", align: "right" }];
}

function cellsOf(
  line: ComparisonLine,
  record: FrameRecord,
  names: readonly string[],
  decimals: number,
): Cell[] {
  const means = names.map((name) => Number(record[`${name}:mean`]));
  const competes = means.map(() => line.kind !== "control");
  const spent = line.metric.startsWith("cost:");
  const marks = spent ? means.map(() => undefined) : rankMarks(means, competes, line.better, decimals);
  const equal = new Set(marks.filter((mark) => mark !== undefined)).size < 2;
  const cells = names.flatMap((name, at): Cell[] => {
    const mark = marks[at] === "best" && !equal ? "best" : undefined;
    const value: Cell = { text: figure(line.metric, means[at], decimals), mark };
    if (at === 0) return [value];
    const difference = Number(record[`${name}:difference`]);
    const sign = String(record[`${name}:sign`]);
    return [value, { text: gap(line.metric, difference, decimals), sign: sign === "" ? undefined : sign }];
  });
  const arrow = line.better === "lower" ? " ↓" : "";
  return [{ text: line.metric + arrow }, { text: line.recommender }, ...cells];
}

function figure(metric: string, value: number, decimals: number): string {
  if (metric === "cost:seconds") return seconds(value);
  if (metric === "cost:llmCalls") return integer(value);
  return metric === "cost:usd" ? dollars(value) : fixed(value, decimals);
}

function gap(metric: string, difference: number, decimals: number): string {
  if (!metric.startsWith("cost:") || !Number.isFinite(difference)) return signed(difference, decimals);
  const sign = difference > 0 ? "+" : difference < 0 ? "-" : "";
  return sign + figure(metric, Math.abs(difference), decimals);
}
