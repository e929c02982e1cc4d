import { Random } from "../core/random.js";
import { type Dataset, impressionText, itemLine } from "../data/dataset.js";
import type { Split } from "../data/split.js";
import { auc, gauc, prepareAuc, userAucs } from "../metrics/ctr/auc.js";
import { calibration } from "../metrics/ctr/probability.js";
import { parseMetricName } from "../metrics/registry.js";
import { bootstrapSample, percentileInterval } from "../metrics/statistics/bootstrap.js";
import { numberClusters } from "../metrics/statistics/describe.js";
import type { WeightedStatistic } from "../metrics/statistics/pooled.js";
import { casesIn, evaluateCtr } from "./ctr-evaluation.js";
import { ctrOptions, ctrProtocol } from "./ctr-protocol.js";
import type { CtrCase, CtrRows } from "./ctr.js";
import { titlesOf } from "./describe.js";
import type { Evaluation } from "./evaluation.js";
import { type CaseDescription, type PooledDetail, type PreparedTask, taskOptions } from "./task.js";

/** By time where there are times, else a random share of each user's pairs. A published cold-item split is not for this task. */
export function defaultCtrSplit(dataset: Dataset): string {
  return dataset.interactions.times === null ? "ratio" : "global-time";
}

/** Lays out the task `ctr`: how likely will this user like this item? */
export function prepareCtr(
  dataset: Dataset,
  split: Split,
  _ks: readonly number[],
  given: Readonly<Record<string, unknown>>,
): PreparedTask<"ctr"> {
  const protocol = ctrProtocol(dataset, split, taskOptions("ctr", ctrOptions, given));
  const { test, warm, training } = protocol;
  const hasUsers = protocol.subsets.length > 0;
  const everyone = Int32Array.from(test.users.keys());
  const subsets = [
    { suffix: "", positions: everyone },
    ...protocol.subsets.map((subset) => ({ suffix: `/${subset}`, positions: casesIn(subset, warm) })),
  ].filter(({ positions }) => hasBothClasses(test, positions));
  const probabilities = ({ answers }: Evaluation) => answers?.probability ?? new Float64Array(0);
  return {
    training,
    mainMetrics: [
      "auc",
      ...(hasUsers ? ["gauc"] : []),
      "log-loss",
      "ece",
      ...(subsets.length > 2 ? ["auc/warm", "auc/cold"] : []),
    ],
    notes: protocol.notes,
    cases: () => Array.from(test.labels, (_, n) => protocol.caseOf(n)),
    clusters: numberClusters(test.users).of,
    describeCase(position) {
      const label = { label: "label", text: test.labels[position] === 1 ? "liked" : "not liked" };
      return { facts: [...factsOf(dataset, protocol.caseOf(position)), label], relevant: {} };
    },
    evaluate: (answer, context, explain) => evaluateCtr(protocol, answer, context, explain),
    pooled: (evaluation) =>
      Object.fromEntries(
        subsets.flatMap(({ suffix, positions }): [string, number][] => {
          const { labels, users } = at(test, positions);
          const answers = positions.length === 0 ? [] : pick(probabilities(evaluation), positions);
          return [
            [`auc${suffix}`, auc(labels, answers)],
            ...(hasUsers ? [[`gauc${suffix}`, gauc(labels, answers, users).gauc] as [string, number]] : []),
            [`ece${suffix}`, calibration(labels, answers).error],
          ];
        }),
      ),
    pooledStatistic: (name, evaluation) => {
      const { definition, subset } = parseMetricName(name);
      const part = subsets.find(({ suffix }) => suffix === (subset === null ? "" : `/${subset}`));
      if (part === undefined || !Object.hasOwn(POOLED, definition.name)) return undefined;
      const under = POOLED[definition.name](
        at(test, part.positions),
        pick(probabilities(evaluation), part.positions),
      );
      return (weights) => under(pick(weights, part.positions));
    },
    pooledDetails: (evaluations) => {
      const details: Record<string, PooledDetail> = {};
      for (const { suffix, positions } of subsets) {
        const part = at(test, positions);
        const seeds = evaluations.map((evaluation) => pick(probabilities(evaluation), positions));
        const n = positions.length;
        details[`auc${suffix}`] = { n, ci95: aucInterval(part, seeds) };
        if (hasUsers) details[`gauc${suffix}`] = gaucDetail(part, seeds);
        details[`ece${suffix}`] = { n, ci95: null };
      }
      return details;
    },
  };
}

/** What is known of a case: what the log of impressions says of it, else its item and its user's past. */
function factsOf({ items, interactions }: Dataset, one: CtrCase): CaseDescription["facts"] {
  const { impressions } = interactions;
  if (impressions !== undefined && one.place !== undefined)
    return [{ label: "impression", text: impressionText(impressions, one.place) }];
  const titles = (list: Int32Array) => titlesOf(items, list.slice().reverse());
  return [
    { label: "item", text: itemLine(items, one.item) },
    { label: "liked before", text: titles(one.liked) },
    { label: "disliked before", text: titles(one.disliked) },
  ];
}

type Part = Pick<CtrRows, "labels" | "users">;

/** The pooled metrics of one answer as functions of how often each case counts. */
const POOLED: Readonly<Record<string, (part: Part, answers: Float64Array) => WeightedStatistic>> = {
  auc: ({ labels }, answers) => prepareAuc(labels, answers),
  gauc: ({ labels, users }, answers) => {
    const first = new Map<number, number>();
    users.forEach((user, n) => {
      if (!first.has(user)) first.set(user, n);
    });
    const known = userAucs(labels, answers, users).filter((one) => !Number.isNaN(one.auc));
    // Whole users are drawn, so a user's own AUC stays and its first case tells how often it was drawn.
    return (weights) => {
      let [sum, weight] = [0, 0];
      for (const { user, auc: value, cases } of known) {
        const drawn = weights[first.get(user) ?? 0] * cases;
        sum += drawn * value;
        weight += drawn;
      }
      return sum / weight;
    };
  },
  ece:
    ({ labels }, answers) =>
    (weights) =>
      calibration(labels, answers, undefined, weights).error,
};

function at({ labels, users }: CtrRows, positions: Int32Array): Part {
  return {
    labels: Float32Array.from(positions, (p) => labels[p]),
    users: positions.map((p) => users[p]),
  };
}

function pick(values: Float64Array, positions: Int32Array): Float64Array {
  return Float64Array.from(positions, (p) => values[p]);
}

function hasBothClasses({ labels }: CtrRows, positions: Int32Array): boolean {
  return positions.some((p) => labels[p] === 1) && positions.some((p) => labels[p] === 0);
}

/** The mean AUC of the seeds in resamples of users: all seeds answer the same resample. */
function aucInterval({ labels, users }: Part, seeds: readonly Float64Array[]): [number, number] {
  const aucs = seeds.map((answers) => prepareAuc(labels, answers));
  const mean = (weights: Float64Array) => aucs.reduce((sum, of) => sum + of(weights), 0) / aucs.length;
  const sample = bootstrapSample(labels.length, mean, Random.fromSeed("bootstrap/auc"), {
    clusters: numberClusters(users).of,
  });
  return ends(sample);
}

/** GAUC is a weighted mean over users with both classes; those are what is resampled and counted. */
function gaucDetail({ labels, users }: Part, seeds: readonly Float64Array[]): PooledDetail {
  const perSeed = seeds.map((answers) =>
    userAucs(labels, answers, users).filter((one) => !Number.isNaN(one.auc)),
  );
  const [first] = perSeed;
  if (first.length === 0) return { n: 0, ci95: null };
  const value = first.map((_, u) => perSeed.reduce((sum, one) => sum + one[u].auc, 0) / perSeed.length);
  const statistic = (weights: Float64Array) => {
    let [sum, weight] = [0, 0];
    first.forEach(({ cases }, u) => {
      sum += weights[u] * cases * value[u];
      weight += weights[u] * cases;
    });
    return sum / weight;
  };
  const n = first.reduce((sum, { cases }) => sum + cases, 0);
  return { n, ci95: ends(bootstrapSample(first.length, statistic, Random.fromSeed("bootstrap/gauc"))) };
}

function ends(sample: Float64Array): [number, number] {
  const { low, high } = percentileInterval(sample);
  return [low, high];
}
