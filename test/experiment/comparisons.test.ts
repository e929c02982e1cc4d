import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { makeComparisons, planComparisons } from "../../src/experiment/comparisons.js";
import { resolveConfig } from "../../src/experiment/config.js";
import { prepareAuc } from "../../src/metrics/ctr/auc.js";
import type { Evaluation } from "../../src/tasks/evaluation.js";

const rows = [
  { id: "random", kind: "control" },
  { id: "ease", kind: "classic" },
  { id: "als", kind: "classic" },
  { id: "coldllm", kind: "llm" },
] as const;
const main = ["recall@20/cold", "log-loss", "popularity@20"];

const plan = (comparisons: unknown) =>
  planComparisons(resolveConfig([{ comparisons }]).comparisons ?? [], rows, main);

describe("declared comparisons", () => {
  it("are every row that is no control against the reference, in the main metrics with a direction", () => {
    expect(plan([{ to: "ease" }]).map((one) => [one.recommender, one.metric, one.better, one.test])).toEqual([
      ["als", "recall@20/cold", "higher", "t"],
      ["als", "log-loss", "lower", "t"],
      ["coldllm", "recall@20/cold", "higher", "t"],
      ["coldllm", "log-loss", "lower", "t"],
    ]);
    const narrow = [{ to: "ease", of: ["random"], metrics: ["ndcg@20/cold"], test: "wilcoxon" }];
    expect(plan([...narrow, ...narrow])).toEqual([
      { recommender: "random", to: "ease", metric: "ndcg@20/cold", better: "higher", test: "wilcoxon" },
    ]);
  });

  it("must name rows of the run and metrics with a direction", () => {
    expect(() => plan([{ to: "eas" }])).toThrow(/eas is no part/);
    expect(() => plan([{ to: "ease", of: ["coldlm"] }])).toThrow(/coldlm is no part/);
    expect(() => plan([{ to: "ease", metrics: ["popularity@20"] }])).toThrow(/no better direction/);
    expect(() => plan([{ to: "ease", metrics: ["recal@20"] }])).toThrow(/no metric recal@20/);
    expect(() => plan([{ to: "ease", of: ["ease"] }])).toThrow(/no pair of rows/);
    expect(() => plan([{ to: "ease", test: "sign" }])).toThrow(/test/);
  });
});

/** 40 users with 3 cases each; the values of each seed by metric. */
const clusters = Int32Array.from({ length: 120 }, (_, i) => Math.floor(i / 3));
const evaluation = (values: Record<string, Float64Array>): Evaluation => ({
  cases: Array.from(clusters, (user, i) => `u${user} case ${i}`),
  values,
  lists: {},
});
const random = Random.fromSeed("comparisons");
const normal = () => Float64Array.from(clusters, () => random.normal());
const base = normal();
const shifted = (by: number, noise: number) => {
  const own = normal();
  return base.map((value, i) => value + by + noise * own[i]);
};

describe("makeComparisons", () => {
  it("averages seeds, pairs users, corrects by Holm and says which way it goes in the metric's direction", async () => {
    const seeds = [shifted(0.5, 0.1), shifted(0.3, 0.1)];
    const measured = new Map([
      ["ease", [evaluation({ "recall@20/cold": base, "log-loss": base })]],
      ["coldllm", seeds.map((values) => evaluation({ "recall@20/cold": values, "log-loss": values }))],
      ["als", [evaluation({ "recall@20/cold": shifted(0, 1), "log-loss": shifted(0, 1) })]],
    ]);
    const { results } = await makeComparisons(plan([{ to: "ease" }]), measured, { clusters });
    const [recall, loss] = results.filter(({ recommender }) => recommender === "coldllm");
    expect([recall.verdict, loss.verdict]).toEqual(["better", "worse"]);
    expect(recall.n).toBe(40);
    // By hand: the mean over users of the mean over their cases of the mean over seeds, less the reference.
    const perCase = base.map((value, i) => (seeds[0][i] + seeds[1][i]) / 2 - value);
    const perUser = Array.from(
      { length: 40 },
      (_, u) => (perCase[3 * u] + perCase[3 * u + 1] + perCase[3 * u + 2]) / 3,
    );
    const mean = perUser.reduce((sum, value) => sum + value, 0) / 40;
    const sd = Math.sqrt(perUser.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 39);
    expect(recall.difference).toBeCloseTo(mean, 12);
    expect(recall.effectSize).toBeCloseTo(mean / sd, 10);
    expect(loss.effectSize).toBeCloseTo(-mean / sd, 10);
    expect(recall.detectable).toBeCloseTo((2.8 * sd) / Math.sqrt(40), 10);
    const als = results.filter(({ recommender }) => recommender === "als");
    expect(als.map(({ verdict }) => verdict)).toEqual([null, null]);
    // Holm: the larger of als' p values is multiplied by 1, the smaller by 2, and not below it.
    const ps = als.map(({ p }) => p.t ?? NaN).sort((a, b) => a - b);
    const adjusted = als.map((one) => one.adjusted ?? NaN).sort((a, b) => a - b);
    expect(adjusted[0]).toBeCloseTo(Math.min(1, 2 * ps[0]), 12);
    expect(adjusted[1]).toBeCloseTo(Math.min(1, Math.max(2 * ps[0], ps[1])), 12);
  });

  it("bootstraps a metric of all cases together, and gives the same result again", async () => {
    const labels = Float32Array.from(clusters, (_, i) => (i % 3 === 0 ? 1 : 0));
    const scored = (signal: number) => ({
      ...evaluation({}),
      answers: { probability: normal().map((noise, i) => signal * labels[i] + noise) },
    });
    const measured = new Map([
      ["ease", [scored(0.2), scored(0.2)]],
      ["coldllm", [scored(2)]],
    ]);
    const comparisons = plan([{ to: "ease", of: ["coldllm"], metrics: ["auc"] }]);
    const task = {
      clusters,
      pooledStatistic: (_name: string, { answers }: Evaluation) =>
        prepareAuc(labels, answers?.probability ?? []),
    };
    const first = await makeComparisons(comparisons, measured, task);
    const [{ difference, ...found }] = first.results;
    expect(found).toMatchObject({
      n: 40,
      test: "bootstrap",
      verdict: "better",
      effectSize: null,
      p: { t: null, bootstrap: 1 / 1001 },
    });
    expect(difference).toBeGreaterThan(0.2);
    expect(await makeComparisons(comparisons, measured, task)).toEqual(first);
  });

  it("refuses rows that were measured on other cases, and a metric that is not there", async () => {
    const other = {
      ...evaluation({ "recall@20/cold": base }),
      cases: Array.from(clusters, (_, i) => `x${i}`),
    };
    const one = plan([{ to: "ease", of: ["als"], metrics: ["recall@20/cold"] }]);
    const measured = new Map([
      ["ease", [evaluation({ "recall@20/cold": base })]],
      ["als", [other]],
    ]);
    await expect(makeComparisons(one, measured, {})).rejects.toMatchObject({ code: "CASES_DIFFER" });
    measured.set("als", [evaluation({})]);
    await expect(makeComparisons(one, measured, {})).rejects.toMatchObject({ code: "METRIC_NOT_MEASURED" });
  });
});
