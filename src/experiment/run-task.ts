import { join } from "node:path";
import { DataError, UsageError } from "../core/errors.js";
import { writeJson } from "../core/files.js";
import { suggestName } from "../core/names.js";
import type { Progress } from "../core/progress.js";
import { type Dataset, itemText } from "../data/dataset.js";
import { filterDataset } from "../data/filters.js";
import { openDataset } from "../data/catalogue.js";
import type { Split } from "../data/split.js";
import { chooseSplit } from "./choose-split.js";
import type { Recommender } from "../recommenders/recommender.js";
import type { ServerSettings } from "../llm/open.js";
import { parseModelSpec } from "../llm/spec.js";
import { hybridsOf } from "../recommenders/hybrid/hybrid.js";
import { resolveOptions, selectRecommenders } from "../recommenders/registry.js";
import { defaultColdStartSplit, prepareColdStart } from "../tasks/cold-start-task.js";
import { defaultControlledListSplit, prepareControlledList } from "../tasks/controlled-list-task.js";
import { defaultConversationSplit, prepareConversation } from "../tasks/conversation-task.js";
import { defaultCtrSplit, prepareCtr } from "../tasks/ctr-task.js";
import type { PreparedTask, TaskId } from "../tasks/task.js";
import { requireKnownRows } from "./comparisons.js";
import type { RunConfig } from "./config.js";
import { loadPlugins } from "./plugins/load.js";
import { withPluginMetrics } from "./plugins/metrics.js";
import type { PluginDataset } from "./plugins/plugin.js";
import { runFolder, type RunFolder } from "./run-folder.js";
import { runRecommenders, type RunRequest, type RunResult } from "./run.js";
import { tuned } from "./tuning/tuned.js";

/** How each task is laid out, and which split it takes where none is asked for. */
const TASKS: {
  readonly [T in TaskId]: {
    defaultSplit(dataset: Dataset): string;
    prepare(
      dataset: Dataset,
      split: Split,
      ks: readonly number[],
      options: Readonly<Record<string, unknown>>,
    ): PreparedTask<T>;
  };
} = {
  "cold-start": { defaultSplit: defaultColdStartSplit, prepare: prepareColdStart },
  ctr: { defaultSplit: defaultCtrSplit, prepare: prepareCtr },
  "controlled-list": { defaultSplit: defaultControlledListSplit, prepare: prepareControlledList },
  conversation: { defaultSplit: defaultConversationSplit, prepare: prepareConversation },
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
  readonly offline: boolean;
  /** How a server is asked, where the language model is one. It changes no run's name. */
  readonly server?: ServerSettings;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** From a configuration to a finished run folder: opens, filters and splits the data, lays out the task, runs everyone. */
export async function runTask(request: TaskRequest): Promise<RunResult> {
  return runRecommenders(await layOutRun(request));
}

/** Opens, filters and splits the data of a configuration, lays out the task and finds those who take part. */
export async function layOutRun(request: TaskRequest): Promise<RunRequest<TaskId>> {
  const { config, task } = request;
  // Wrong names are found before any work is done.
  parseModelSpec(config.llm);
  const plugins = await loadPlugins(config.plugins ?? []);
  const folder = runFolder(request.out, request.command, config);
  const registry = plugins.recommenders.map((one) => withTuning(one, config, folder, plugins.versions));
  const chosen = chooseRecommenders(task, config, registry);
  requireKnownRows(
    config.comparisons ?? [],
    chosen.map(({ id }) => id),
  );
  const { dataset, split, prepared } = await layOutTask(task, config, request, plugins.datasets);
  const recommenders = chosen.filter((one) => canTakePart(one, dataset, config));
  return {
    ...request,
    folder,
    dataset,
    split,
    prepared: withPluginMetrics(
      { ...prepared, notes: [...prepared.notes, ...tuningNotes(config)] },
      dataset.items,
      plugins.metrics,
      config.ks[config.ks.length - 1],
    ),
    plugins: plugins.versions,
    recommenders,
  };
}

/** A task on the data and the split of a configuration. */
interface LaidOutTask<T extends TaskId> {
  readonly dataset: Dataset;
  readonly split: Split;
  readonly prepared: PreparedTask<T>;
}

/** Opens, filters and splits a configuration's data, and lays out a task on them. */
export async function layOutTask<T extends TaskId>(
  task: T,
  config: RunConfig,
  context: Pick<TaskRequest, "cache" | "offline" | "progress" | "signal">,
  plugins: readonly PluginDataset[] = [],
): Promise<LaidOutTask<T>> {
  const dataset = await openRunDataset({ ...context, config }, plugins);
  requireFit(task, dataset);
  const split = await chooseSplit(dataset, config, TASKS[task].defaultSplit(dataset));
  return { dataset, split, prepared: TASKS[task].prepare(dataset, split, config.ks, config.task) };
}

function withTuning(
  recommender: Recommender<TaskId>,
  { tune, options, seeds }: RunConfig,
  folder: RunFolder,
  plugins: Readonly<Record<string, string>>,
): Recommender<TaskId> {
  if (tune === undefined) return recommender;
  return tuned(recommender, {
    trials: tune,
    seed: seeds[0],
    given: Object.hasOwn(options, recommender.id) ? options[recommender.id] : {},
    plugins,
    found: (id, found) => writeJson(join(folder.tuning, `${id}.json`), found),
  });
}

function tuningNotes({ tune }: RunConfig): string[] {
  if (tune === undefined) return [];
  return [
    `Options were chosen on the validation part by random search, ${tune} trials for each recommender, the given ones first; ` +
      `seconds include the search.`,
  ];
}

/** A run's data set, opened, checked and filtered: one of its plugins, or one of ours. */
export async function openRunDataset(
  request: Pick<TaskRequest, "config" | "cache" | "offline" | "progress" | "signal">,
  plugins: readonly PluginDataset[] = [],
): Promise<Dataset> {
  const { config, cache, offline, progress, signal } = request;
  const { data, world, columns } = config;
  const options = { data, offline, progress, signal };
  const theirs = plugins.find(({ name }) => name === config.dataset);
  const opened = await (theirs === undefined
    ? openDataset(config.dataset, { ...options, world, columns, cache })
    : theirs.open(options));
  return filterDataset(opened, config.filter);
}

const FOR_IMPRESSIONS = "Take lr, fm, deepfm, dcnv2, autoint or xdeepfm.";

/** Whether the data say which user met which item: logs of impressions may not. */
function namesPairs({ interactions: { impressions } }: Dataset): boolean {
  return impressions === undefined || (impressions.hasUsers && impressions.hasItems);
}

/** @throws DataError NO_PAIRS for any task but `ctr`, where nobody knows who met what. */
function requireFit(task: TaskId, dataset: Dataset): void {
  if (task === "ctr" || namesPairs(dataset)) return;
  throw new DataError(
    "NO_PAIRS",
    `the task ${task} is about users and items, and ${dataset.name} doesn't name both: it is a log of impressions`,
    { hint: "Use it with llmrec explainctr, or name both columns in a dataset.yaml (docs/datasets.md)." },
  );
}

/**
 * An oracle needs the truth, a recorded model its answers, a model of text item text, one of pairs users and items: without them, it is
 * left out of a group, and an error where it was named.
 */
function canTakePart(
  { id, needsTruth, needsRecording, needsText, needsPairs, members }: Recommender<TaskId>,
  dataset: Dataset,
  config: RunConfig,
): boolean {
  const lacksTruth = needsTruth === true && dataset.truth === undefined;
  const lacksRecording =
    needsRecording !== undefined && !dataset.recordings?.some(({ model }) => model === needsRecording);
  const lacksText =
    needsText === true && dataset.items.keys.every((_, item) => itemText(dataset.items, item) === "");
  const lacksPairs = needsPairs === true && !namesPairs(dataset);
  if (!lacksTruth && !lacksRecording && !lacksText && !lacksPairs) return true;
  if (!config.recommenders.includes(id) && members === undefined) return false;
  if (lacksText) {
    throw new DataError("NO_TEXT", `${id} learns from item text, and ${dataset.name} has none`, {
      hint:
        dataset.interactions.impressions === undefined
          ? "Items need titles, genres or descriptions (docs/datasets.md)."
          : `Impressions have columns and no texts. ${FOR_IMPRESSIONS}`,
    });
  }
  if (lacksPairs) {
    throw new DataError(
      "NO_PAIRS",
      `${id} knows a case by its user and item, and ${dataset.name} doesn't name both`,
      { hint: `${FOR_IMPRESSIONS} Or name both columns in a dataset.yaml (docs/datasets.md).` },
    );
  }
  if (lacksRecording) {
    throw new UsageError("NO_RECORDING", `${dataset.name} holds no recorded answers of ${needsRecording}`, {
      hint: "INSPIRED has them in a folder llm-crs/outputs/ (docs/datasets.md).",
    });
  }
  throw new UsageError(
    "NO_TRUTH",
    `${id} ranks by the truth behind the data, and nobody knows that of ${dataset.name}`,
    {
      hint: "Use it with --dataset world, without filters that change its tables.",
    },
  );
}

/**
 * The rows of a run: those that the configuration names, then its hybrids.
 * @throws UsageError for an unknown recommender or option, or a hybrid that can't be.
 */
export function chooseRecommenders(
  task: TaskId,
  config: RunConfig,
  registry: readonly Recommender<TaskId>[],
): Recommender<TaskId>[] {
  const chosen = selectRecommenders(task, config.recommenders, registry);
  const hybrids = (config.hybrids ?? []).map((ids) =>
    ids.flatMap((id) => selectRecommenders(task, [id], registry)),
  );
  checkOptionOwners(
    config,
    [...chosen, ...hybrids.flat()].map(({ id }) => id),
  );
  const rows = hybrids.flatMap((members) =>
    hybridsOf(
      task,
      members.map((recommender) => ({
        recommender,
        options: resolveOptions(recommender, config.options[recommender.id]),
      })),
    ),
  );
  return [...chosen, ...rows];
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
