import { csrFromPairs } from "../data/csr.js";
import type { Dataset } from "../data/dataset.js";
import type { Split } from "../data/split.js";
import { numberClusters } from "../metrics/statistics/describe.js";
import { evaluateControlledList, settingsOf } from "./controlled-list-evaluation.js";
import { controlledListOptions, controlledListProtocol } from "./controlled-list-protocol.js";
import { titlesOf } from "./describe.js";
import type { Evaluation } from "./evaluation.js";
import { listBackground, listMetrics, pooledListMetrics } from "./list-metrics.js";
import { type PreparedTask, taskOptions } from "./task.js";

/** By the moments that divide the windows; without times a random share of each user's likes. */
export function defaultControlledListSplit(dataset: Dataset): string {
  return dataset.interactions.times === null ? "ratio" : "windows";
}

/** Lays out the task `controlled-list`: what comes next, in a list of as many genres as the user wants? */
export function prepareControlledList(
  dataset: Dataset,
  split: Split,
  ks: readonly number[],
  given: Readonly<Record<string, unknown>> = {},
): PreparedTask<"controlled-list"> {
  const options = taskOptions("controlled-list", controlledListOptions, given);
  const protocol = controlledListProtocol(dataset, split, options, ks[ks.length - 1]);
  const { training, test } = protocol;
  const depth = ks[ks.length - 1];
  const settings = settingsOf(protocol.wishes, dataset.items.categoryNames);
  const background = listBackground(dataset.items, sequenceMatrix(protocol.training));
  const users = test.map(({ user }) => user);
  // A case has its window's own array.
  const futureOf = new Map(test.map(({ history, future }) => [history, future]));
  const candidates = Int32Array.from(dataset.items.keys.keys());
  const pooled = ({ lists }: Evaluation, weights?: Float64Array): Record<string, number> =>
    Object.fromEntries(
      settings.flatMap(({ lists: own, suffix }) =>
        Object.entries(pooledListMetrics(lists[own], depth, candidates, users, background, weights)).map(
          ([name, value]) => [name + suffix, value],
        ),
      ),
    );
  return {
    training,
    mainMetrics: [
      `ndcg@${depth}`,
      `recall@${depth}`,
      `cov@${depth}`,
      ...settings
        .filter(({ wish }) => wish !== null)
        .flatMap(({ suffix }) => [`ndcg@${depth}${suffix}`, `control-error@${depth}${suffix}`]),
    ],
    notes: protocol.notes,
    clusters: numberClusters(users).of,
    targets(one) {
      const future = futureOf.get(one.history);
      if (future === undefined) throw new Error("no case of the task has this history");
      return future;
    },
    async evaluate(answer, context) {
      const evaluation = await evaluateControlledList(protocol, ks, settings, answer, context);
      const ofLists = settings.flatMap(({ lists, suffix }) =>
        Object.entries(listMetrics(evaluation.lists[lists], background)).map(
          ([name, value]) => [name + suffix, value] as const,
        ),
      );
      return { ...evaluation, values: { ...evaluation.values, ...Object.fromEntries(ofLists) } };
    },
    describeCase(position) {
      const { history, future } = test[position];
      return {
        facts: [{ label: "liked, oldest first", text: titlesOf(dataset.items, history) }],
        relevant: { "": [...new Set(future)] },
      };
    },
    pooled: (evaluation) => pooled(evaluation),
    pooledStatistic: (name, evaluation) =>
      Object.hasOwn(pooled(evaluation), name) ? (weights) => pooled(evaluation, weights)[name] : undefined,
  };
}

/** Training likes [users, items]. */
function sequenceMatrix({ sequences, users, items }: PreparedTask<"controlled-list">["training"]) {
  const userOf = sequences.flatMap(({ user, items: own }) => Array.from(own, () => user));
  const itemOf = sequences.flatMap(({ items: own }) => Array.from(own));
  return csrFromPairs(users.keys.length, items.keys.length, userOf, itemOf);
}
