import { UsageError } from "../core/errors.js";
import { suggestName } from "../core/names.js";
import type { Progress } from "../core/progress.js";
import type { Dataset } from "../data/dataset.js";
import { filterDataset } from "../data/filters.js";
import { openDataset } from "../data/open.js";
import type { Split } from "../data/split.js";
import { readSplit } from "../data/splits/file.js";
import { makeSplit } from "../data/splits/strategies.js";
import { selectRecommenders } from "../recommenders/registry.js";
import { defaultColdStartSplit, prepareColdStart } from "../tasks/cold-start-task.js";
import type { PreparedTask, TaskId } from "../tasks/task.js";
import type { RunConfig } from "./config.js";
import { runFolder } from "./run-folder.js";
import { runRecommenders, type RunResult } from "./run.js";

/** How each task is laid out, and which split it takes where none is asked for. */
const TASKS: {
  readonly [T in TaskId]: {
    defaultSplit(dataset: Dataset): string;
    prepare(dataset: Dataset, split: Split, ks: readonly number[]): PreparedTask<T>;
  };
} = {
  "cold-start": { defaultSplit: defaultColdStartSplit, prepare: prepareColdStart },
};

/** What a command asks for. */
export interface TaskRequest {
  readonly task: TaskId;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly config: RunConfig;
  /** `--from`, by stage. */
  readonly external: ReadonlyMap<string, string>;
  /** Folder that holds the run folders. */
  readonly out: string;
  readonly fresh: boolean;
  /** Folder of downloaded data sets. */
  readonly cache: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** From a configuration to a finished run folder: opens, filters and splits the data, lays out the task, runs everyone. */
export async function runTask(request: TaskRequest): Promise<RunResult> {
  const { config, task, progress, signal } = request;
  // Wrong names are found before any work is done.
  const recommenders = selectRecommenders(task, config.recommenders);
  checkOptionOwners(
    config,
    recommenders.map(({ id }) => id),
  );
  const opened = await openDataset({ ...config, cache: request.cache, progress, signal });
  const dataset = filterDataset(opened, config.filter);
  const split = await splitFor(dataset, config, TASKS[task].defaultSplit(dataset));
  return runRecommenders({
    ...request,
    folder: runFolder(request.out, request.command, config),
    dataset,
    split,
    prepared: TASKS[task].prepare(dataset, split, config.ks),
    recommenders,
  });
}

function checkOptionOwners(config: RunConfig, ids: readonly string[]): void {
  for (const owner of Object.keys(config.options)) {
    if (!ids.includes(owner)) {
      throw new UsageError("UNKNOWN_OPTION", `options are set for ${owner}, which is no part of this run`, {
        hint: suggestName(owner, ids),
      });
    }
  }
}

async function splitFor(dataset: Dataset, config: RunConfig, fallback: string): Promise<Split> {
  const { name, file, ...options } = config.split;
  if (file === undefined) return makeSplit(dataset, typeof name === "string" ? name : fallback, options);
  if (typeof file !== "string" || name !== undefined || Object.keys(options).length > 0) {
    throw new UsageError("BAD_CONFIG", "a split is either a file or a strategy with its options, not both");
  }
  return readSplit(file, dataset);
}
