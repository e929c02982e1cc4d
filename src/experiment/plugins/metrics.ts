import type { ItemTable } from "../../data/dataset.js";
import { listOf, type Evaluation } from "../../tasks/evaluation.js";
import type { PreparedTask, TaskId } from "../../tasks/task.js";
import type { PluginMetric } from "./plugin.js";

/** The lists of the task `controlled-list` without a wish: their metrics have no setting. */
const PLAIN = "free";

/** A task whose evaluations also have the metrics of plugins, one a setting: `NAME@k/SETTING`. */
export function withPluginMetrics<T extends TaskId>(
  task: PreparedTask<T>,
  items: ItemTable,
  metrics: readonly PluginMetric[],
  k: number,
): PreparedTask<T> {
  if (metrics.length === 0) return task;
  const relevant = relevantOf(task);
  const shown = metrics.filter(({ main }) => main === true).map(({ name }) => `${name}@${k}`);
  const suffixes = new Set(
    task.mainMetrics.map((name) => /@\d+(\/.+)?$/.exec(name)).flatMap((m) => (m ? [m.at(1) ?? ""] : [])),
  );
  return {
    ...task,
    mainMetrics: [
      ...task.mainMetrics,
      ...shown.flatMap((name) => [...suffixes].map((suffix) => name + suffix)),
    ],
    async evaluate(answer, context) {
      const evaluation = await task.evaluate(answer, context);
      const values: Record<string, Float64Array> = { ...evaluation.values };
      for (const [setting, lists] of Object.entries(evaluation.lists)) {
        const suffix = setting === PLAIN ? "" : `/${setting}`;
        for (const metric of metrics) {
          values[`${metric.name}@${k}${suffix}`] = measure(metric, evaluation, setting, (position) => ({
            list: listOf(lists, position),
            k,
            relevant: relevant(position, setting),
            items,
          }));
        }
      }
      return { ...evaluation, values };
    },
  };
}

function measure(
  metric: PluginMetric,
  { cases }: Evaluation,
  setting: string,
  listAt: (position: number) => Parameters<PluginMetric["ofList"]>[0],
): Float64Array {
  return Float64Array.from(cases, (name, position) => {
    const one = listAt(position);
    if (one.list.length === 0) return NaN;
    const value = metric.ofList(one);
    if (typeof value === "number" && (Number.isFinite(value) || Number.isNaN(value))) return value;
    throw new RangeError(`${metric.name} of case ${name} (${setting}) is ${String(value)}, no number`);
  });
}

/** The right items of a case, asked of the task once. */
function relevantOf(task: Pick<PreparedTask<TaskId>, "describeCase">) {
  const known = new Map<number, Readonly<Record<string, readonly number[]>>>();
  return (position: number, setting: string): readonly number[] => {
    let all = known.get(position);
    if (all === undefined) known.set(position, (all = task.describeCase(position).relevant));
    const name = Object.hasOwn(all, setting) ? setting : "";
    return Object.hasOwn(all, name) ? all[name] : [];
  };
}
