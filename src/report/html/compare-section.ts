import { testRuns } from "../compare-signs.js";
import { compareRuns } from "../compare.js";
import { comparisonFrame, comparisonTable } from "../compare-table.js";
import type { FinishedRun } from "../run.js";
import { markup } from "./markup.js";
import { runTitle, type Section } from "./page.js";
import { sortableTable } from "./table.js";

/** The runs of the same task, data and split, side by side: a section for each such group of two or more. */
export async function compareSections(runs: readonly FinishedRun[]): Promise<Section[]> {
  const groups = new Map<string, FinishedRun[]>();
  for (const run of runs) {
    const { task, dataHash, splitHash } = run.scoreboard;
    const key = [task, dataHash, splitHash].join();
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const sections: Section[] = [];
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const comparison = compareRuns(group, await testRuns(group));
    const view = comparisonTable(await comparisonFrame(comparison), comparison, "main");
    const table = sortableTable(view, {
      className: "comparison",
      caption: `${view.title}. ${view.legend}`,
      columnOf: (at) => ({ main: true, first: at < 2 ? "ascending" : "descending" }),
    });
    sections.push({
      id: `compare-${sections.length + 1}`,
      title: `${runTitle(group[0].scoreboard)}: ${group.length} runs compared`,
      body: markup`${table}
        <ul class="notes">
          ${view.notes.map((note) => markup`<li>${note}</li>`)}
        </ul>`,
      data: null,
    });
  }
  return sections;
}
