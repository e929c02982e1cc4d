import { testRuns } from "./compare-signs.js";
import { compareRuns } from "./compare.js";
import { renderComparison, type TableFormat } from "./render.js";
import { readRun } from "./run.js";
import type { TextOptions } from "./text.js";

/** Run folders side by side, as text in one format and as the fields of a JSON result. */
export async function compareFolders(
  folders: readonly string[],
  format: TableFormat,
  terminal: TextOptions,
): Promise<{ text: string; json: Readonly<Record<string, unknown>>; warnings: readonly string[] }> {
  const runs = [];
  for (const folder of folders) runs.push(await readRun(folder));
  // Refuses runs that do not compare before their cases are read.
  compareRuns(runs);
  const comparison = compareRuns(runs, await testRuns(runs));
  const { warnings, ...json } = comparison;
  return { text: await renderComparison(comparison, format, terminal), json: { ...json }, warnings };
}
