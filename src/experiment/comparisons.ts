import { DataError, UsageError } from "../core/errors.js";
import { suggestName } from "../core/names.js";
import { Random } from "../core/random.js";
import { parseMetricName } from "../metrics/registry.js";
import { averageSeeds } from "../metrics/statistics/describe.js";
import { holm } from "../metrics/statistics/holm.js";
import { comparePaired } from "../metrics/statistics/paired.js";
import { comparePooled, type WeightedStatistic } from "../metrics/statistics/pooled.js";
import type { Recommender } from "../recommenders/recommender.js";
import type { Evaluation } from "../tasks/evaluation.js";
import type { PreparedTask, TaskId } from "../tasks/task.js";
import type { RunConfig } from "./config.js";
import type { ScoreComparison, ScoreComparisons } from "./scoreboard.js";

/** The chance of any false alarm among all comparisons of a run. */
export const ALPHA = 0.05;

/** One test to be made. */
export interface PlannedComparison {
  readonly recommender: string;
  readonly to: string;
  readonly metric: string;
  readonly better: "higher" | "lower";
  readonly test: ScoreComparison["test"];
}

type Declared = NonNullable<RunConfig["comparisons"]>;

/**
 * Refuses comparisons of rows that do not take part.
 * @throws UsageError UNKNOWN_RECOMMENDER with the nearest name.
 */
export function requireKnownRows(declared: Declared, ids: readonly string[]): void {
  for (const id of declared.flatMap(({ to, of = [] }) => [to, ...of])) {
    if (ids.includes(id)) continue;
    throw new UsageError("UNKNOWN_RECOMMENDER", `comparisons: ${id} is no part of this run`, {
      hint: suggestName(id, ids),
    });
  }
}

/**
 * The tests that a configuration declares, each once, checked against the run before it begins.
 * @throws UsageError UNKNOWN_RECOMMENDER, UNKNOWN_METRIC or BAD_METRIC with the nearest name, NOTHING_TO_COMPARE.
 */
export function planComparisons(
  declared: Declared,
  recommenders: readonly Pick<Recommender<TaskId>, "id" | "kind">[],
  mainMetrics: readonly string[],
): PlannedComparison[] {
  requireKnownRows(
    declared,
    recommenders.map(({ id }) => id),
  );
  const planned = new Map<string, PlannedComparison>();
  for (const { to, of, metrics, test } of declared) {
    const rows = of ?? recommenders.filter(({ kind }) => kind !== "control").map(({ id }) => id);
    const tested = metrics ?? mainMetrics.filter((name) => parseMetricName(name).definition.better !== null);
    for (const recommender of rows.filter((id) => id !== to)) {
      for (const metric of tested) {
        const { better } = parseMetricName(metric).definition;
        if (better === null) {
          throw new UsageError("BAD_METRIC", `comparisons: ${metric} has no better direction`, {
            hint: "Test a metric where higher or lower is better.",
          });
        }
        planned.set(`${recommender} ${to} ${metric}`, { recommender, to, metric, better, test });
      }
    }
  }
  if (planned.size > 0) return [...planned.values()];
  throw new UsageError("NOTHING_TO_COMPARE", "the declared comparisons name no pair of rows", {
    hint: "Let at least one more recommender take part.",
  });
}

/**
 * Makes the planned tests. Seeds are averaged within a case, cases within their user or dialogue, and those are paired;
 * metrics of all cases together are bootstrapped over the same units. Holm's correction goes over all tests of the plan.
 * @param measured - every recommender's evaluations, one a seed.
 * @throws UsageError METRIC_NOT_MEASURED where a row lacks a tested metric.
 * @throws DataError CASES_DIFFER where two rows were not measured on the same cases.
 */
export async function makeComparisons(
  planned: readonly PlannedComparison[],
  measured: ReadonlyMap<string, readonly Evaluation[]>,
  task: Pick<PreparedTask<TaskId>, "clusters" | "pooledStatistic">,
): Promise<ScoreComparisons> {
  const raw = [];
  for (const plan of planned) raw.push(await compareOne(plan, measured, task));
  const adjusted = holm(raw.map(({ p, test }) => p[test] ?? NaN));
  const results = raw.map((one, at): ScoreComparison => {
    const corrected = Number.isNaN(adjusted[at]) ? null : adjusted[at];
    const significant = corrected !== null && corrected <= ALPHA;
    const { advantage, ...kept } = one;
    return {
      ...kept,
      adjusted: corrected,
      verdict: significant && advantage !== 0 ? (advantage > 0 ? "better" : "worse") : null,
    };
  });
  return { alpha: ALPHA, results };
}

type RawComparison = Omit<ScoreComparison, "adjusted" | "verdict"> & { readonly advantage: number };

async function compareOne(
  { recommender, to, metric, better, test }: PlannedComparison,
  measured: ReadonlyMap<string, readonly Evaluation[]>,
  { clusters, pooledStatistic }: Pick<PreparedTask<TaskId>, "clusters" | "pooledStatistic">,
): Promise<RawComparison> {
  const [ours, theirs] = [recommender, to].map((id) => measured.get(id) ?? []);
  const cases = ours[0].cases;
  requireSameCases([...ours, ...theirs], recommender, to);
  const random = Random.fromSeed("bootstrap/comparisons").fork(`${recommender}/${to}/${metric}`);
  const head = { recommender, to, metric };
  const perCase = [ours, theirs].map((evaluations) => {
    const missing = evaluations.some(({ values }) => !Object.hasOwn(values, metric));
    return missing ? undefined : averageSeeds(evaluations.map(({ values }) => values[metric]));
  });
  if (perCase[0] !== undefined && perCase[1] !== undefined) {
    const found = await comparePaired(perCase[0], perCase[1], { better, random, clusters });
    const { n, difference, advantage, interval, effectSize, standardError, p } = found;
    return {
      ...head,
      n,
      difference,
      advantage,
      ci95: ends(interval),
      effectSize,
      test,
      p: { t: orNull(p.t), wilcoxon: orNull(p.wilcoxon), bootstrap: orNull(p.bootstrap) },
      detectable: standardError === null ? null : 2.8 * standardError,
    };
  }
  const statistics = [ours, theirs].map((evaluations) =>
    evaluations.map((evaluation) => pooledStatistic?.(metric, evaluation)),
  );
  const [mine, other] = statistics.map((all) =>
    all.filter((one): one is WeightedStatistic => one !== undefined),
  );
  if (mine.length < ours.length || other.length < theirs.length) {
    throw new UsageError("METRIC_NOT_MEASURED", `comparisons: ${recommender} or ${to} has no ${metric}`, {
      hint: "The scoreboard of a run without comparisons lists every metric that can be tested.",
    });
  }
  const found = comparePooled(mine, other, { cases: cases.length, better, random, clusters });
  const { n, difference, advantage, interval, p } = found;
  return {
    ...head,
    n,
    difference,
    advantage,
    ci95: ends(interval),
    effectSize: null,
    test: "bootstrap",
    p: { t: null, wilcoxon: null, bootstrap: orNull(p) },
    detectable: 2.8 * found.standardError,
  };
}

function requireSameCases(evaluations: readonly Evaluation[], recommender: string, to: string): void {
  const [first] = evaluations;
  const same = evaluations.every(
    ({ cases }) => cases.length === first.cases.length && cases.every((name, at) => name === first.cases[at]),
  );
  if (same) return;
  throw new DataError("CASES_DIFFER", `${recommender} and ${to} were not measured on the same cases`, {
    hint: "An evaluation given by --from must hold the cases of this run, in its order.",
  });
}

function ends({ low, high }: { low: number; high: number }): [number, number] | null {
  return Number.isNaN(low) || Number.isNaN(high) ? null : [low, high];
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
