import { join } from "node:path";
import { writeAtomically } from "../core/files.js";
import type { RunResult } from "../experiment/run.js";
import type { Scoreboard } from "../experiment/scoreboard.js";
import { drawBars } from "./charts/bars.js";
import type { Picture } from "./charts/canvas.js";
import { drawCostScatter } from "./charts/scatter.js";
import { renderScoreboard, TABLE_FORMATS } from "./render.js";
import type { TextOptions } from "./text.js";

/** What a command prints of a finished run. */
export interface PublishedRun {
  /** The table for a terminal, and where the rest lies. */
  readonly text: string;
  /** The fields `run` and `rows` of the JSON result. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** Writes a run's tables and charts into its folder and gives back what to print. */
export async function publishRun(result: RunResult, terminal: TextOptions): Promise<PublishedRun> {
  const { folder, scoreboard, cost } = result;
  for (const format of TABLE_FORMATS) {
    const path = join(folder.path, `table.${format === "text" ? "txt" : format}`);
    await writeAtomically(path, await renderScoreboard(scoreboard, cost, format));
  }
  const charts = await drawCharts(result);
  for (const [name, picture] of Object.entries(charts)) {
    await writeAtomically(join(folder.path, `${name}.png`), picture.png);
    await writeAtomically(join(folder.path, `${name}.svg`), picture.svg);
  }
  const table = await renderScoreboard(scoreboard, cost, "text", terminal);
  const names = Object.keys(charts).map((name) => `${name}.png`);
  const text = `${table.trimEnd()}\n\nTables, charts (${names.join(", ")}) and per-case values: ${folder.path}`;
  return { text, json: runJson(result) };
}

async function drawCharts({ scoreboard, cost }: RunResult): Promise<Record<string, Picture>> {
  const main = scoreboard.columns.filter((column) => column.main);
  const charts: Record<string, Picture> = {};
  // One chart a metric: bars of different metrics side by side invite comparing what can't be compared.
  for (const family of new Set(main.map(({ name }) => familyOf(name)))) {
    const columns = main.filter(({ name }) => familyOf(name) === family);
    charts[`chart-${family.replace("@", "-")}`] = await drawBars(scoreboard, columns);
  }
  const costChart = await drawCostScatter(scoreboard, cost, main[0]);
  if (costChart !== null) charts["chart-cost"] = costChart;
  return charts;
}

function familyOf(metric: string): string {
  return metric.split("/")[0];
}

function runJson({ folder, scoreboard, cost, seconds }: RunResult): PublishedRun["json"] {
  const { dataset, seeds, task, split, rows, notes }: Scoreboard = scoreboard;
  return {
    run: { id: folder.id, dir: folder.path, task, dataset, split, seeds, seconds },
    rows: rows.map((row) => ({ ...row, cost: cost[row.recommender] })),
    notes,
  };
}
