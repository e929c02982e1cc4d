import type { Progress } from "../../core/progress.js";
import type { Dataset, ItemTable } from "../../data/dataset.js";
import type { MetricDefinition } from "../../metrics/registry.js";
import type { Recommender } from "../../recommenders/recommender.js";
import type { TaskId } from "../../tasks/task.js";

/** What a third party's package adds to the program: the default export of its main module. */
export interface Plugin {
  /** For the manifest and errors: the package's name. */
  readonly name: string;
  readonly recommenders?: readonly Recommender<TaskId>[];
  readonly metrics?: readonly PluginMetric[];
  readonly datasets?: readonly PluginDataset[];
}

/** A metric of every recommended list. It is a mean over cases and has a column for each setting of the task. */
export interface PluginMetric extends Pick<MetricDefinition, "name" | "title" | "better" | "formula"> {
  /** Shown in the short table and in charts, and tested where comparisons name no metrics. */
  readonly main?: boolean;
  /** The list's value, or NaN where the metric does not apply to it. */
  ofList(one: MeasuredList): number;
}

/** One case's list of a task that recommends items. */
export interface MeasuredList {
  /** Item numbers, best first; at most `k`. */
  readonly list: Int32Array;
  readonly k: number;
  /** The right items. */
  readonly relevant: readonly number[];
  readonly items: ItemTable;
}

export interface PluginDataset {
  /** What `--dataset` names it by. */
  readonly name: string;
  readonly summary: string;
  open(options: PluginDatasetOptions): Promise<Dataset>;
}

export interface PluginDatasetOptions {
  /** `--data`. */
  readonly data?: string;
  readonly offline: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Gives a plugin back as it is; it only helps an editor to check it. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
