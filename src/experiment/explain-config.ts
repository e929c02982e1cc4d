import { resolveOptions } from "../recommenders/registry.js";
import type { TaskId } from "../tasks/task.js";
import { chooseRecommenders } from "./run-task.js";
import { loadPlugins } from "./plugins/load.js";
import { resolveConfig, runConfig, type RunConfig } from "./config.js";

/** Settings from one place: the later of two layers wins. */
export interface ConfigLayer {
  /** Where they were written: `--seeds`, a file's name, `LLMREC_DATASET`. */
  readonly origin: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** One setting that a run would use. */
export interface ConfigValue {
  /** As `--set` names it: `filter.minValue`, `als.factors`. */
  readonly name: string;
  /** Undefined where nothing is set and there is no default. */
  readonly value: unknown;
  readonly origin: string;
}

const DEFAULT = "default";

/**
 * Every setting that a run of the task would use, options of all its recommenders included, with where each came from.
 * @throws UsageError as the run itself would, for a wrong key, value, recommender or option.
 */
export async function explainConfig(
  task: TaskId,
  layers: readonly ConfigLayer[],
): Promise<{ config: RunConfig; values: ConfigValue[] }> {
  const config = resolveConfig(layers.map(({ values }) => values));
  const values = Object.keys(runConfig.shape)
    .filter((section) => section !== "options")
    .flatMap((section) => leaves(section, [section], config[section as keyof RunConfig], layers));
  const { recommenders } = await loadPlugins(config.plugins ?? []);
  for (const recommender of chooseRecommenders(task, config, recommenders)) {
    const { id } = recommender;
    const options = resolveOptions(recommender, config.options[id]) as Record<string, unknown>;
    if (Object.keys(options).length > 0) values.push(...leaves(id, ["options", id], options, layers));
  }
  return { config, values };
}

function leaves(
  name: string,
  path: readonly string[],
  value: unknown,
  layers: readonly ConfigLayer[],
): ConfigValue[] {
  if (isMapping(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([key, inner]) =>
      leaves(`${name}.${key}`, [...path, key], inner, layers),
    );
  }
  const origin = layers.findLast(({ values }) => valueAt(values, path) !== undefined)?.origin ?? DEFAULT;
  return [{ name, value, origin }];
}

function valueAt(values: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isMapping(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    values,
  );
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
