import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../core/errors.js";
import { writeAtomically } from "../../core/files.js";
import type { SampleBook } from "../../experiment/samples.js";
import { type FinishedRun, readJson, readRun } from "../run.js";
import { withExplanations } from "./explanations.js";
import { compareSections } from "./compare-section.js";
import { page, runTitle, type Section } from "./page.js";
import { runSection } from "./run-section.js";

/**
 * Writes one self-contained HTML page of some finished runs.
 * @param to - the file; in the folder of a single run, or `report.markup` here, where left out.
 */
export async function writeReport(
  folders: readonly string[],
  to?: string,
): Promise<{ file: string; bytes: number; runs: string[] }> {
  if (folders.length === 0) {
    throw new UsageError("NO_RUNS", "a report needs at least one run", {
      hint: "Name one or more run folders.",
    });
  }
  const runs: FinishedRun[] = [];
  for (const folder of folders) runs.push(await readRun(folder));
  const sections: Section[] = [];
  for (const [at, run] of runs.entries()) {
    sections.push(await runSection(run, `run-${at + 1}`, await readSamples(run.dir)));
  }
  const [first] = runs;
  const title = runs.length === 1 ? `${runTitle(first.scoreboard)}: report` : `Report of ${runs.length} runs`;
  const text = await page(title, [...(await compareSections(runs)), ...sections]);
  const file = to ?? (runs.length === 1 ? join(folders[0], "report.html") : "report.html");
  await writeAtomically(file, text);
  return { file, bytes: Buffer.byteLength(text), runs: runs.map(({ name }) => name) };
}

/** Null for a run that keeps no samples. */
async function readSamples(dir: string): Promise<SampleBook | null> {
  const file = join(dir, "samples.json");
  if (!existsSync(file)) return null;
  const { z } = await import("zod");
  const places = z.record(z.string(), z.array(z.int().nonnegative()));
  const answer = z.object({
    lists: places,
    values: z.record(z.string(), z.number()),
    explanation: z.object({ by: z.string(), text: z.string() }).optional(),
  });
  const schema = z.object({
    schemaVersion: z.literal(1),
    titles: z.array(z.string()),
    cases: z.array(
      z.object({
        name: z.string(),
        facts: z.array(z.object({ label: z.string(), text: z.string() })),
        relevant: places,
        answers: z.record(z.string(), answer),
      }),
    ),
  });
  return withExplanations(await readJson(file, schema));
}
