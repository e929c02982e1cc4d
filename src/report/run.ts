import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { z } from "zod";
import { DataError } from "../core/errors.js";
import { fileError } from "../core/files.js";
import type { CostSheet, Scoreboard } from "../experiment/scoreboard.js";

/** A finished run's result, as its folder holds it. */
export interface FinishedRun {
  /** The folder's own name. */
  readonly name: string;
  readonly dir: string;
  readonly scoreboard: Scoreboard;
  readonly cost: CostSheet;
  /** As written; only its schemaVersion has been looked at. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

/**
 * Reads `manifest.json`, `scoreboard.json` and `cost.json` of a run folder. A mean that JSON could not hold (null) is NaN.
 * @throws DataError NOT_A_RUN (no such folder, or no manifest in it), RUN_NOT_FINISHED (no scoreboard yet), BROKEN_JSON
 * (with line and column where they are known), OTHER_SCHEMA_VERSION, BAD_RUN_FILE (a field is missing or of another type).
 */
export async function readRun(dir: string): Promise<FinishedRun> {
  const folder = resolve(dir);
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder || !existsSync(join(folder, "manifest.json"))) {
    throw new DataError("NOT_A_RUN", isFolder ? "no run: manifest.json is not here" : "no such folder", {
      file: dir,
      hint: "Name a run's own folder, such as runs/coldllm-world-1a2b3c4d.",
    });
  }
  const unfinished = ["scoreboard.json", "cost.json"].find((name) => !existsSync(join(folder, name)));
  if (unfinished !== undefined) {
    throw new DataError("RUN_NOT_FINISHED", `the run is not finished: ${unfinished} is not here`, {
      file: dir,
      hint: "Run the same command again: it goes on where it stopped.",
    });
  }
  const schemas = await schemasOf();
  const manifest = await readJson(join(folder, "manifest.json"), schemas.manifest);
  const scoreboard = await readJson(join(folder, "scoreboard.json"), schemas.scoreboard);
  const cost = await readJson(join(folder, "cost.json"), schemas.cost);
  return {
    name: basename(folder),
    dir: folder,
    manifest,
    scoreboard: scoreboard as Scoreboard,
    cost,
  };
}

async function schemasOf() {
  const { z } = await import("zod");
  const mean = z
    .number()
    .nullable()
    .transform((value) => value ?? NaN);
  const metric = z.object({
    mean,
    sd: z.number().nullable(),
    ci95: z.tuple([z.number(), z.number()]).nullable(),
    n: z.int().nonnegative(),
  });
  const names = z.array(z.string());
  const scoreboard = z.object({
    schemaVersion: z.literal(1),
    task: z.string().min(1),
    dataset: z.string(),
    dataHash: z.string(),
    splitHash: z.string(),
    split: z.string(),
    seeds: z.array(z.int()).min(1),
    columns: z.array(
      z.object({ name: z.string(), better: z.enum(["higher", "lower"]).nullable(), main: z.boolean() }),
    ),
    rows: z.array(
      z.object({
        recommender: z.string(),
        kind: z.enum(["classic", "llm", "control"]),
        metrics: z.record(z.string(), metric),
      }),
    ),
    comparisons: z
      .object({
        alpha: z.number(),
        results: z.array(
          z.object({
            recommender: z.string(),
            to: z.string(),
            metric: z.string(),
            n: z.int().nonnegative(),
            difference: mean,
            ci95: z.tuple([z.number(), z.number()]).nullable(),
            effectSize: z.number().nullable(),
            test: z.enum(["t", "wilcoxon", "bootstrap"]),
            p: z.object({
              t: z.number().nullable(),
              wilcoxon: z.number().nullable(),
              bootstrap: z.number().nullable(),
            }),
            adjusted: z.number().nullable(),
            verdict: z.enum(["better", "worse"]).nullable(),
            detectable: z.number().nullable(),
          }),
        ),
      })
      .optional(),
    notes: names,
  });
  const amount = z.number().nonnegative();
  const cost = z.record(
    z.string(),
    z.object({
      fitSeconds: amount,
      answerSeconds: amount,
      llmCalls: amount,
      promptTokens: amount,
      completionTokens: amount,
      usd: amount.nullable(),
    }),
  );
  return { scoreboard, cost, manifest: z.record(z.string(), z.unknown()) };
}

/** Reads a JSON file of a run and checks it; errors as {@link readRun}. */
export async function readJson<S extends z.ZodType>(file: string, schema: S): Promise<z.output<S>> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw fileError(error, file);
  }
  const value = parsed(text, file);
  const version = (value as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (version !== undefined && version !== 1) {
    throw new DataError("OTHER_SCHEMA_VERSION", `schemaVersion is ${JSON.stringify(version)}, expected 1`, {
      file,
      hint: "The run was made by another version of the program: run it again with this one.",
    });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
  throw new DataError("BAD_RUN_FILE", `${where}${issue.message}`, {
    file,
    hint: "The file was changed or cut: run the same command again with --fresh.",
  });
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const at = /at position (\d+)/.exec(message);
    const before = at === null ? null : text.slice(0, Number(at[1])).split("\n");
    throw new DataError("BROKEN_JSON", `not valid JSON: ${message}`, {
      file,
      line: before?.length,
      column: before === null ? undefined : before[before.length - 1].length + 1,
      hint: "The file was changed or cut: run the same command again with --fresh.",
      cause: error,
    });
  }
}
