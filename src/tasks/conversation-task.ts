import { z } from "zod";
import { csrFromPairs } from "../data/csr.js";
import type { Dataset } from "../data/dataset.js";
import type { Split } from "../data/split.js";
import { dialoguesHaveTimes } from "../data/splits/dialogues.js";
import { exposure, exposureCounts } from "../metrics/lists/exposure.js";
import { popularityDistance } from "../metrics/lists/popularity-distance.js";
import { groupShares, POPULARITY_GROUPS, popularityGroups } from "../metrics/lists/popularity-groups.js";
import { numberClusters } from "../metrics/statistics/describe.js";
import { evaluateConversation } from "./conversation-evaluation.js";
import type { ConversationTraining } from "./conversation.js";
import { conversationProtocol, type ConversationProtocol } from "./conversation-protocol.js";
import type { Evaluation } from "./evaluation.js";
import { listBackground, listMetrics } from "./list-metrics.js";
import { type PreparedTask, taskOptions } from "./task.js";

/** So many recommendations were asked for in the published recordings. */
const RECORDED = 20;

/** The figure of the dialogues that a model is told cut. */
const CUT = "dialogues-cut";

/** The published split of the dialogues where there is one, else by time, else at random. */
export function defaultConversationSplit(dataset: Dataset): string {
  if (dataset.published?.dialogues !== undefined) return "published";
  return dialoguesHaveTimes(dataset) ? "dialogue-time" : "dialogue-ratio";
}

/** Lays out the task `conversation`: what to recommend at this turn of a dialogue? */
export function prepareConversation(
  dataset: Dataset,
  split: Split,
  ks: readonly number[],
  options: Readonly<Record<string, unknown>> = {},
): PreparedTask<"conversation"> {
  taskOptions("conversation", z.strictObject({}), options);
  const protocol = conversationProtocol(dataset, split);
  const { training, turns, cases } = protocol;
  const background = listBackground(dataset.items, trainingMatrix(protocol));
  const middle = ks[Math.floor(ks.length / 2)];
  // A recorded list ends after so many, so that beyond it a comparison would be unfair.
  const last = ks.filter((k) => training.recordings.length === 0 || k <= RECORDED).at(-1) ?? ks[0];
  const shown = [...new Set([ks[0], middle, last])];
  const groups = popularityGroups(recommendationCounts(training));
  const pooled = (evaluation: Evaluation, weights?: Float64Array) => ({
    ...pooledMetrics(protocol, ks, evaluation, weights),
    ...sharesByGroup(protocol, groups, middle, evaluation, weights),
  });
  return {
    training,
    mainMetrics: [
      ...shown.map((k) => `recall@${k}/new`),
      `ndcg@${middle}/new`,
      `mrr@${middle}/new`,
      `popularity-tv@${middle}/new`,
      ...(training.recordings.length === 0
        ? []
        : [...ks.filter((k) => k <= RECORDED).map((k) => `title-recall@${k}`), `title-ndcg@${middle}`]),
    ],
    notes: protocol.notes,
    clusters: numberClusters(cases.map(({ turn }) => turns[turn].dialogue)).of,
    async evaluate(answer, context) {
      const evaluation = await evaluateConversation(protocol, ks, answer, context);
      const ofLists = Object.entries(listMetrics(evaluation.lists.new, background));
      return {
        ...evaluation,
        values: {
          ...evaluation.values,
          ...Object.fromEntries(ofLists.map(([name, v]) => [`${name}/new`, v])),
          ...byGroup(protocol, groups, `recall@${middle}`, evaluation),
        },
      };
    },
    cases: () => turns,
    describeCase(position) {
      const { turn, target } = cases[position];
      const facts = turns[turn].context.map(({ role, text }) => ({ label: role, text }));
      return { facts, relevant: { "": [target] } };
    },
    remarks: (rows) => cutNote(rows, turns.length),
    pooled,
    pooledStatistic: (name, evaluation) =>
      Object.hasOwn(pooled(evaluation), name) ? (weights) => pooled(evaluation, weights)[name] : undefined,
  };
}

/** Says who was told how many dialogues cut, where there is one. */
function cutNote(rows: Parameters<NonNullable<PreparedTask<"conversation">["remarks"]>>[0], turns: number) {
  const ids = new Map<number, string[]>();
  for (const { recommender, metrics } of rows) {
    const count = Object.hasOwn(metrics, CUT) ? metrics[CUT].mean : 0;
    if (count > 0) ids.set(count, [...(ids.get(count) ?? []), recommender]);
  }
  if (ids.size === 0) return [];
  const counts = [...ids].map(([count, of]) => `${count} (${of.join(", ")})`);
  return [
    `Dialogues longer than the language model takes, which it is told cut on the left, in ${turns} turns: ${counts.join("; ")}.`,
  ];
}

/** How often each item was recommended in the training dialogues. */
function recommendationCounts({ samples, items }: ConversationTraining): Int32Array {
  const counts = new Int32Array(items.keys.length);
  for (const { target } of samples) counts[target]++;
  return counts;
}

/**
 * A metric of the setting `new` for the targets of each popularity group: `recall@10/decile-3`. Groups without such a target are
 * left out.
 */
function byGroup(
  { cases }: ConversationProtocol,
  groups: Uint8Array,
  metric: string,
  { values }: Evaluation,
): Record<string, Float64Array> {
  const all = values[`${metric}/new`] as Float64Array | undefined;
  if (all === undefined) return {};
  const parts = POPULARITY_GROUPS.map((name, group) => {
    const part = all.map((value, position) => (groups[cases[position].target] === group ? value : NaN));
    return [`${metric}/${name}`, part] as const;
  });
  return Object.fromEntries(parts.filter(([, part]) => !part.every(Number.isNaN)));
}

/** What was recommended in the training dialogues [dialogues, items]. */
function trainingMatrix({ training: { samples, items } }: ConversationProtocol) {
  const { of, count } = numberClusters(samples.map(({ dialogue }) => dialogue));
  return csrFromPairs(
    count,
    items.keys.length,
    of,
    samples.map(({ target }) => target),
  );
}

/** How the first k places of the lists are shared out among the popularity groups that have items: `popularity-share@10/decile-3`. */
function sharesByGroup(
  { training: { items, candidates } }: ConversationProtocol,
  groups: Uint8Array,
  k: number,
  { lists }: Evaluation,
  weights?: Float64Array,
): Record<string, number> {
  const table = { items: lists.new.items, width: lists.new.k };
  const counts = exposureCounts(table, k, items.keys.length, weights);
  const shares = Object.entries(groupShares(counts, candidates, groups));
  return Object.fromEntries(shares.map(([name, share]) => [`popularity-share@${k}/${name}`, share]));
}

/** How the lists spread over the catalogue, and how far that is from how often each item was the right answer. */
function pooledMetrics(
  { training, cases }: ConversationProtocol,
  ks: readonly number[],
  { lists }: Evaluation,
  weights?: Float64Array,
): Record<string, number> {
  const itemCount = training.items.keys.length;
  const wanted = new Float64Array(itemCount);
  cases.forEach(({ target, repeated }, at) => {
    if (!repeated) wanted[target] += weights === undefined ? 1 : weights[at];
  });
  const depth = ks[ks.length - 1];
  const metrics: Record<string, number> = {};
  for (const k of ks) {
    const counts = exposureCounts({ items: lists.new.items, width: lists.new.k }, k, itemCount, weights);
    const { totalVariation, klDivergence } = popularityDistance(counts, wanted);
    metrics[`popularity-tv@${k}/new`] = totalVariation;
    metrics[`popularity-kl@${k}/new`] = klDivergence;
    if (k !== depth) continue;
    const spread = exposure(counts, training.candidates);
    metrics[`coverage@${k}/new`] = spread.coverage;
    metrics[`gini@${k}/new`] = spread.gini;
  }
  return metrics;
}
