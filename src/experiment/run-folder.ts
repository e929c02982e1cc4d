import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { UsageError } from "../core/errors.js";
import { fileError } from "../core/files.js";
import { hashOf } from "../core/hash.js";
import { LOCK_FILE } from "../core/lock.js";
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
  /** What tuning found, a file a recommender; not there without tuning. */
  readonly tuning: string;
  /** Some cases in words with everyone's answers. */
  readonly samples: string;
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
    tuning: join(path, "tuning"),
    samples: join(path, "samples.json"),
    clusters: join(path, "clusters.parquet"),
    model: join(path, "language-model.json"),
    calls: join(path, "language-model-calls.jsonl"),
  };
}

/** Makes the folder; `fresh` empties it first, but for its lock. Refuses a folder that is not a run's. */
export async function openRunFolder(folder: RunFolder, fresh: boolean): Promise<void> {
  try {
    const left = existsSync(folder.path) ? await readdir(folder.path) : [];
    const parts = left.filter((name) => name !== LOCK_FILE);
    if (fresh && parts.length > 0) {
      if (!existsSync(folder.manifest)) {
        throw new UsageError("NOT_A_RUN", "this folder holds no run, so --fresh will not empty it", {
          file: folder.path,
        });
      }
      // The manifest goes last: a folder that is half emptied is still known as a run's.
      for (const name of parts.filter((part) => part !== basename(folder.manifest))) {
        await rm(join(folder.path, name), { recursive: true });
      }
      await rm(folder.manifest);
    }
    await mkdir(folder.stages, { recursive: true });
    await mkdir(folder.cases, { recursive: true });
  } catch (error) {
    throw fileError(error, folder.path);
  }
}
