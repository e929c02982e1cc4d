import { join } from "node:path";
import { writeAtomically } from "../core/files.js";
import type { RunResult } from "../experiment/run.js";
import { drawCharts } from "./charts/charts.js";
import { drawHealth } from "./charts/health.js";
import { scoreFrame } from "./frame.js";
import { jsonRows } from "./json.js";
import { readPolicies } from "./policies.js";
import { renderScoreboard, TABLE_FORMATS } from "./render.js";
import type { TextOptions } from "./text.js";

/** What a command prints of a finished run. */
export interface PublishedRun {
  /** The table for a terminal, and where the rest lies. */
  readonly text: string;
  /** The fields `run`, `rows` and `notes` of the JSON result. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** Writes a run's tables and charts into its folder and gives back what to print. */
export async function publishRun(result: RunResult, terminal: TextOptions): Promise<PublishedRun> {
  const { folder, scoreboard, cost, seconds } = result;
  for (const format of TABLE_FORMATS) {
    const path = join(folder.path, `table.${format === "text" ? "txt" : format}`);
    await writeAtomically(path, await renderScoreboard(scoreboard, cost, format));
  }
  const charts = await drawCharts(scoreboard, cost);
  const health = await drawHealth(await readPolicies(folder.stages));
  if (health !== null) charts.push({ name: "ppo-health", ...health });
  for (const { name, png, svg } of charts) {
    await writeAtomically(join(folder.path, `${name}.png`), png);
    await writeAtomically(join(folder.path, `${name}.svg`), svg);
  }
  const table = await renderScoreboard(scoreboard, cost, "text", terminal);
  const pictures = charts.map(({ name }) => `${name}.png`).join(", ");
  const { task, dataset, split, seeds, notes, comparisons } = scoreboard;
  return {
    text: `${table.trimEnd()}\n\nTables, charts (${pictures}) and per-case values: ${folder.path}`,
    json: {
      run: { id: folder.id, dir: folder.path, task, dataset, split, seeds, seconds },
      rows: jsonRows(await scoreFrame(scoreboard, cost), scoreboard),
      ...(comparisons === undefined ? {} : { comparisons }),
      notes,
    },
  };
}
