import { readFile } from "node:fs/promises";
import { z } from "zod";
import { DataError } from "../../core/errors.js";
import { fileError, writeAtomically } from "../../core/files.js";
import type { FinishedRun } from "../run.js";

const figure = z.strictObject({
  /** As measured: every digit that JSON holds, so that equal means equal. */
  mean: z.number(),
  n: z.int().min(1),
});

const row = z.strictObject({
  /** Fitting and answering together, on the machine that wrote the baseline. */
  seconds: z.number().nonnegative().nullable(),
  metrics: z.record(z.string(), figure),
});

const result = z.strictObject({
  task: z.string().min(1),
  dataset: z.string().min(1),
  split: z.string(),
  seeds: z.array(z.int()).min(1),
  dataHash: z.string(),
  splitHash: z.string(),
  /** What made the figures; told when they moved, never compared. */
  madeBy: z.strictObject({ program: z.string(), node: z.string(), host: z.string() }),
  better: z.record(z.string(), z.enum(["higher", "lower"]).nullable()),
  rows: z
    .record(z.string(), row)
    .refine(
      (rows) => Object.values(rows).some(({ metrics }) => Object.keys(metrics).length > 0),
      "the result holds no figure, so it could not fail",
    ),
});

const baseline = z.strictObject({
  schemaVersion: z.literal(1),
  results: z.array(result).min(1, "the baseline holds no result, so it could not fail"),
});

/** The figures that a gate holds runs to, as a file in the user's repository. */
export type Baseline = z.infer<typeof baseline>;
/** One task on one data set and split. */
export type BaselineResult = z.infer<typeof result>;
/** One recommender's figures. */
export type BaselineRow = z.infer<typeof row>;

/** What a finished run measured, in the form of a baseline. Figures that are no number are left out. */
export function baselineResult({ scoreboard, cost, manifest }: FinishedRun): BaselineResult {
  const { task, dataset, split, seeds, dataHash, splitHash, columns, rows } = scoreboard;
  return {
    task,
    dataset,
    split,
    seeds: [...seeds],
    dataHash,
    splitHash,
    madeBy: madeBy(manifest),
    better: Object.fromEntries(columns.map(({ name, better }) => [name, better])),
    rows: Object.fromEntries(
      rows.map(({ recommender, metrics }) => {
        const spent = Object.hasOwn(cost, recommender) ? cost[recommender] : null;
        const finite = Object.entries(metrics).filter(([, { mean, n }]) => Number.isFinite(mean) && n > 0);
        return [
          recommender,
          {
            seconds: spent === null ? null : spent.fitSeconds + spent.answerSeconds,
            metrics: Object.fromEntries(finite.map(([name, { mean, n }]) => [name, { mean, n }])),
          },
        ];
      }),
    ),
  };
}

function madeBy(manifest: FinishedRun["manifest"]): BaselineResult["madeBy"] {
  const text = (section: string, key: string) => {
    const value = (manifest[section] as Record<string, unknown> | undefined)?.[key];
    return typeof value === "string" ? value : "unknown";
  };
  return {
    program: text("program", "version"),
    node: text("program", "node"),
    host: `${text("host", "cpu")}, ${text("host", "platform")}`,
  };
}

/**
 * Reads a baseline.
 * @throws DataError FILE_NOT_FOUND, BAD_BASELINE (no JSON, a wrong field, or nothing in it).
 */
export async function readBaseline(file: string): Promise<Baseline> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const named = fileError(error, file);
    if (!(named instanceof DataError)) throw named;
    throw new DataError(named.code, named.message, {
      file,
      hint: "Write it from runs that you trust: llmrec check --baseline FILE RUN... --update.",
      cause: error,
    });
  }
  const bad = (message: string, cause?: unknown) =>
    new DataError("BAD_BASELINE", message, {
      file,
      hint: "Restore it from version control, or write it anew with --update.",
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(error instanceof Error ? error.message : "no JSON", error);
  }
  const parsed = baseline.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw bad(`${path.length === 0 ? "" : `${path.join(".")}: `}${message}`);
}

/** Writes a baseline with a line a figure, so that version control shows which moved. */
export async function writeBaseline(file: string, content: Baseline): Promise<void> {
  const lines = JSON.stringify(content, null, 2).replaceAll(
    /\{\s+"mean": (\S+),\s+"n": (\d+)\s+\}/g,
    '{ "mean": $1, "n": $2 }',
  );
  await writeAtomically(file, lines + "\n");
}
