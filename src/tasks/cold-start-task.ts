import { z } from "zod";
import { rowIndices } from "../data/csr.js";
import type { Dataset } from "../data/dataset.js";
import type { Split } from "../data/split.js";
import { simulationDiagnostics } from "./cold-start-diagnostics.js";
import { evaluateColdStart } from "./cold-start-evaluation.js";
import { COLD_START_SETTINGS, coldStartProtocol, type ColdStartSetting } from "./cold-start-protocol.js";
import type { RecommendedLists } from "./evaluation.js";
import { titlesOf } from "./describe.js";
import { listBackground, listMetrics, pooledListMetrics } from "./list-metrics.js";
import { type PreparedTask, taskOptions } from "./task.js";

/** The terms of utility that words can tell of. */
const WORDED = ["genre", "mood", "blend"] as const;

/** The split of a data set that the task uses where none is asked for. */
export function defaultColdStartSplit(dataset: Dataset): string {
  return dataset.published === undefined ? "cold-item" : "published";
}

/** Lays out the task `cold-start`: recommend brand-new items without spoiling the warm ones. */
export function prepareColdStart(
  dataset: Dataset,
  split: Split,
  ks: readonly number[],
  options: Readonly<Record<string, unknown>> = {},
): PreparedTask<"cold-start"> {
  taskOptions("cold-start", z.strictObject({}), options);
  const protocol = coldStartProtocol(dataset, split);
  const depth = ks[ks.length - 1];
  const background = listBackground(dataset.items, protocol.training.matrix);
  const users = protocol.cases.map(({ user }) => user);
  const pooledIn = (setting: ColdStartSetting, lists: RecommendedLists, weights?: Float64Array) =>
    pooledListMetrics(lists, depth, protocol.candidates[setting], users, background, weights);
  return {
    training: protocol.training,
    mainMetrics: COLD_START_SETTINGS.flatMap((setting) => [
      `recall@${depth}/${setting}`,
      `ndcg@${depth}/${setting}`,
    ]),
    notes: protocol.notes,
    async evaluate(answer, context) {
      const evaluation = await evaluateColdStart(protocol, ks, answer, context);
      const ofLists = COLD_START_SETTINGS.flatMap((setting) =>
        inSetting(setting, listMetrics(evaluation.lists[setting], background)),
      );
      return { ...evaluation, values: { ...evaluation.values, ...Object.fromEntries(ofLists) } };
    },
    describeCase(position) {
      const { user } = protocol.cases[position];
      const relevant = Object.fromEntries(
        COLD_START_SETTINGS.map((setting) => [setting, [...rowIndices(protocol.relevant[setting], user)]]),
      );
      const history = titlesOf(dataset.items, rowIndices(protocol.training.matrix, user));
      return { facts: [{ label: "training items", text: history }], relevant };
    },
    diagnose(simulated) {
      const truth = {
        test: protocol.relevant.cold,
        validation: protocol.training.validation.cold,
        coldItems: protocol.training.coldItems,
        mainGenres: dataset.items.categories.map((list) => list.at(0) ?? -1),
        taste: dataset.truth && ((user: number) => dataset.truth!.utilities(user, WORDED)),
      };
      return simulationDiagnostics(simulated, truth);
    },
    pooled: ({ lists }) =>
      Object.fromEntries(
        COLD_START_SETTINGS.flatMap((setting) => inSetting(setting, pooledIn(setting, lists[setting]))),
      ),
    pooledStatistic: (name, { lists }) => {
      const setting = COLD_START_SETTINGS.find((one) => name.endsWith(`/${one}`));
      if (setting === undefined) return undefined;
      const plain = name.slice(0, -setting.length - 1);
      if (!Object.hasOwn(pooledIn(setting, lists[setting]), plain)) return undefined;
      return (weights) => pooledIn(setting, lists[setting], weights)[plain];
    },
  };
}

function inSetting<V>(setting: string, metrics: Readonly<Record<string, V>>): [string, V][] {
  return Object.entries(metrics).map(([name, value]) => [`${name}/${setting}`, value]);
}
