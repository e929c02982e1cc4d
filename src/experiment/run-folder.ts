import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { UsageError } from "../core/errors.js";
import { fileError } from "../core/files.js";
import { hashOf } from "../core/hash.js";
import type { RunConfig } from "./config.js";

/** Where the parts of a run lie. */
export interface RunFolder {
  /** The folder's name: `coldllm-world-1a2b3c4d`. */
  readonly id: string;
  readonly path: string;
  readonly manifest: string;
  readonly scoreboard: string;
  readonly cost: string;
  readonly split: string;
  readonly stages: string;
  readonly cases: string;
  /** Which cases belong together; not there where each stands alone. */
  readonly clusters: string;
  /** Who used which language model; missing where nobody did. */
  readonly model: string;
  /** Every call of the language model, one a line. */
  readonly calls: string;
}

/** The folder of a run: the same configuration always has the same one, so that the same command resumes. */
export function runFolder(root: string, command: string, config: RunConfig): RunFolder {
  const name = basename(config.dataset).replace(/[^\w.-]+/g, "-");
  const id = `${command.replaceAll(" ", "-")}-${name}-${hashOf(config).slice(0, 8)}`;
  return folderAt(join(root, id));
}

/** The parts of the run in a folder. */
export function folderAt(path: string): RunFolder {
  return {
    id: basename(path),
    path,
    manifest: join(path, "manifest.json"),
    scoreboard: join(path, "scoreboard.json"),
    cost: join(path, "cost.json"),
    split: join(path, "split.parquet"),
    stages: join(path, "stages"),
    cases: join(path, "cases"),
    clusters: join(path, "clusters.parquet"),
    model: join(path, "language-model.json"),
    calls: join(path, "language-model-calls.jsonl"),
  };
}

/** Makes the folder; `fresh` empties it first. Refuses a folder that is not a run's. */
export async function openRunFolder(folder: RunFolder, fresh: boolean): Promise<void> {
  try {
    if (fresh && existsSync(folder.path)) {
      if (!existsSync(folder.manifest)) {
        throw new UsageError("NOT_A_RUN", "this folder holds no run, so --fresh will not empty it", {
          file: folder.path,
        });
      }
      await rm(folder.path, { recursive: true });
    }
    await mkdir(folder.stages, { recursive: true });
    await mkdir(folder.cases, { recursive: true });
  } catch (error) {
    throw fileError(error, folder.path);
  }
}
