import { join } from "node:path";
import { writeAtomically } from "../core/files.js";
import type { Sweep, SweepTask } from "../experiment/sweep/plan.js";
import { unfinished } from "../experiment/sweep/progress.js";
import { toCsv } from "./csv.js";
import { type FrameRecord, frameOf } from "./frame.js";
import { rankMarks } from "./marks.js";
import { decimalsFor, fixed, seconds } from "./numbers.js";
import { type FinishedRun, readRun } from "./run.js";
import { type TextOptions, toText } from "./text.js";
import type { TableView } from "./view.js";

/** What the finished runs of a sweep gave, together. */
export interface SweepResults {
  readonly finished: number;
  readonly total: number;
  /** Every figure of every finished run, a line each; null while no run is finished. */
  readonly csv: string | null;
  readonly text: string;
}

/** Merges the finished runs of a sweep into `results.csv` of its folder. Equal runs give equal bytes. */
export async function mergeSweep(sweep: Sweep, terminal: TextOptions): Promise<SweepResults> {
  const open = new Set(await unfinished(sweep.tasks));
  const done: { task: SweepTask; run: FinishedRun }[] = [];
  for (const task of sweep.tasks) {
    if (!open.has(task)) done.push({ task, run: await readRun(task.folder.path) });
  }
  const head = `${done.length} of ${sweep.tasks.length} runs of the sweep ${sweep.name} are finished`;
  if (done.length === 0) return { finished: 0, total: sweep.tasks.length, csv: null, text: `${head}.` };
  const csv = join(sweep.folder, "results.csv");
  const records = done.flatMap(({ task, run }) => recordsOf(sweep, task, run));
  await writeAtomically(csv, toCsv(await frameOf(records)));
  const text = toText(overview(sweep, done, head), terminal);
  return {
    finished: done.length,
    total: sweep.tasks.length,
    csv,
    text: `${text.trimEnd()}\n\nEvery figure: ${csv}`,
  };
}

function recordsOf(sweep: Sweep, task: SweepTask, { scoreboard }: FinishedRun): FrameRecord[] {
  const head: Record<string, string | number> = { run: task.folder.id, command: task.command };
  for (const axis of sweep.axes) head[axis] = cellOf(task.point[axis]);
  const better = new Map(scoreboard.columns.map((column) => [column.name, column.better]));
  return scoreboard.rows.flatMap(({ recommender, kind, metrics }) =>
    Object.entries(metrics).map(([metric, { mean, sd, ci95, n }]) => ({
      ...head,
      dataset_name: scoreboard.dataset,
      recommender,
      kind,
      metric,
      better: better.get(metric) ?? "",
      mean,
      sd: sd ?? NaN,
      ci95_low: ci95?.[0] ?? NaN,
      ci95_high: ci95?.[1] ?? NaN,
      n,
    })),
  );
}

function cellOf(value: unknown): string | number {
  return typeof value === "number" || typeof value === "string" ? value : JSON.stringify(value);
}

/** A line a run: where it stands on the grid, and its best recommender in the first main metric. */
function overview(
  { axes, name }: Sweep,
  done: readonly { task: SweepTask; run: FinishedRun }[],
  head: string,
): TableView {
  const titles = ["run", "command", ...axes, "best", "metric", "value", "seconds"];
  const numeric = new Set(["run", "value", "seconds"]);
  return {
    title: `Sweep ${name}`,
    label: name,
    keys: 1,
    columns: titles.map((title) => ({
      name: title,
      group: "",
      title,
      align: numeric.has(title) ? "right" : "left",
    })),
    sections: [
      done.map(({ task, run }) => {
        const best = bestOf(run);
        const spent = Object.values(run.cost).reduce(
          (sum, cost) => sum + cost.fitSeconds + cost.answerSeconds,
          0,
        );
        return [
          { text: String(task.number) },
          { text: task.command },
          ...axes.map((axis) => ({ text: String(cellOf(task.point[axis])) })),
          { text: best.recommender },
          { text: best.metric },
          { text: fixed(best.mean, decimalsFor([best.mean])) },
          { text: seconds(spent) },
        ];
      }),
    ],
    legend: "",
    notes: [
      `${head}. "best" is the best recommender that is no control in the first main metric; no test was made.`,
    ],
  };
}

function bestOf({ scoreboard: { rows, columns } }: FinishedRun): {
  recommender: string;
  metric: string;
  mean: number;
} {
  const column = columns.find(({ main, better }) => main && better !== null) ?? columns[0];
  const means = rows.map(({ metrics }) =>
    Object.hasOwn(metrics, column.name) ? metrics[column.name].mean : NaN,
  );
  const competing = rows.map(({ kind }) => kind !== "control");
  const marked = rankMarks(means, competing, column.better, 12).indexOf("best");
  // With one competitor nothing is marked: it is the best there is.
  const at = marked >= 0 ? marked : Math.max(0, competing.indexOf(true));
  return { recommender: rows[at].recommender, metric: column.name, mean: means[at] };
}
