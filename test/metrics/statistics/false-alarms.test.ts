import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { prepareAuc } from "../../../src/metrics/ctr/auc.js";
import { averageSeeds } from "../../../src/metrics/statistics/describe.js";
import { holm } from "../../../src/metrics/statistics/holm.js";
import { comparePaired, pairedTTest } from "../../../src/metrics/statistics/paired.js";
import { comparePooled } from "../../../src/metrics/statistics/pooled.js";

const USERS = 40;
const CASES_PER_USER = 4;
const SEEDS = 3;
const ALPHA = 0.05;
const clusters = Int32Array.from({ length: USERS * CASES_PER_USER }, (_, i) =>
  Math.floor(i / CASES_PER_USER),
);

/**
 * A recommender's values as real ones are made: how hard a case is (the same for both), how well the recommender suits a
 * user (shared by the user's cases, so cases are not independent), and luck of the seed.
 */
function measure(random: Random, hardness: Float64Array, advantage: number): Float64Array[] {
  const suits = Float64Array.from({ length: USERS }, () => 0.2 * random.normal());
  return Array.from({ length: SEEDS }, () =>
    hardness.map((value, i) => value + advantage + suits[clusters[i]] + 0.1 * random.normal()),
  );
}

function pair(label: string, advantage: number) {
  const random = Random.fromSeed(label);
  const hardness = Float64Array.from({ length: clusters.length }, () => random.uniform());
  return { ours: measure(random, hardness, advantage), theirs: measure(random, hardness, 0) };
}

const compare = (label: string, { ours, theirs }: ReturnType<typeof pair>, replicates: number) =>
  comparePaired(averageSeeds(ours), averageSeeds(theirs), {
    better: "higher",
    random: Random.fromSeed(`${label}/bootstrap`),
    clusters,
    replicates,
  });

const share = (ps: readonly number[]) => ps.filter((p) => p <= ALPHA).length / ps.length;

describe("false alarms", () => {
  it("2,000 comparisons of a recommender with its equal give 5 ± 1.5 % in every test", async () => {
    const p: { t: number[]; wilcoxon: number[]; bootstrap: number[] } = {
      t: [],
      wilcoxon: [],
      bootstrap: [],
    };
    for (let i = 0; i < 2000; i++) {
      const found = await compare(`aa/${i}`, pair(`aa/${i}`, 0), 199);
      p.t.push(found.p.t);
      p.wilcoxon.push(found.p.wilcoxon);
      p.bootstrap.push(found.p.bootstrap);
    }
    expect(Math.abs(share(p.t) - ALPHA)).toBeLessThan(0.015);
    expect(Math.abs(share(p.wilcoxon) - ALPHA)).toBeLessThan(0.015);
    expect(Math.abs(share(p.bootstrap) - ALPHA)).toBeLessThan(0.015);
  });

  it("of any of ten comparisons in a run are 5 % after Holm, and would be 40 % without", async () => {
    const runs = await Promise.all(
      Array.from({ length: 800 }, (_, run) => {
        const random = Random.fromSeed(`family/${run}`);
        const noise = () => Float64Array.from({ length: USERS }, () => random.normal());
        return Promise.all(Array.from({ length: 10 }, () => pairedTTest(noise())));
      }),
    );
    const alarmed = (of: (ps: number[]) => number[]) =>
      runs.filter((ps) => of(ps).some((p) => p <= ALPHA)).length / runs.length;
    expect(Math.abs(alarmed(holm) - ALPHA)).toBeLessThan(0.023);
    expect(Math.abs(alarmed((ps) => ps) - (1 - 0.95 ** 10))).toBeLessThan(0.05);
  });

  it("would be far more if cases of a user, or seeds of a case, were taken for independent", async () => {
    const asCases: number[] = [];
    const asSeeds: number[] = [];
    for (let i = 0; i < 200; i++) {
      const { ours, theirs } = pair(`aa/${i}`, 0);
      const options = { better: "higher" as const, random: Random.fromSeed(i), replicates: 1 };
      asCases.push((await comparePaired(averageSeeds(ours), averageSeeds(theirs), options)).p.t);
      const pooled = (seeds: readonly Float64Array[]) => seeds.flatMap((seed) => Array.from(seed));
      asSeeds.push((await comparePaired(pooled(ours), pooled(theirs), options)).p.t);
    }
    expect(share(asCases)).toBeGreaterThan(0.2);
    expect(share(asSeeds)).toBeGreaterThan(share(asCases));
  });

  it("of AUC by a bootstrap over users are 5 ± 2.5 % of 800", () => {
    const ps = Array.from({ length: 800 }, (_, i) => aucComparison(`auc/${i}`, 0).p);
    expect(Math.abs(share(ps) - ALPHA)).toBeLessThan(0.025);
  });
});

describe("power", () => {
  it("a planted effect is found as often as the formula says", async () => {
    // The mean over a user of the difference has variance 2 (0.2^2 + 0.1^2 / (3 * 4)) = 0.0817; with 40 users its error is
    // 0.0452. A t test finds an advantage of 2.8 errors with the noncentral t's power, by numeric integration over the
    // chi-square: P(|(Z + 2.8) / sqrt(V / 39)| > 2.02269) = 0.7795.
    const error = Math.sqrt((2 * (0.2 ** 2 + 0.1 ** 2 / (SEEDS * CASES_PER_USER))) / USERS);
    const found = await Promise.all(
      Array.from({ length: 500 }, (_, i) => compare(`power/${i}`, pair(`power/${i}`, 2.8 * error), 1)),
    );
    expect(Math.abs(share(found.map(({ p }) => p.t)) - 0.7795)).toBeLessThan(0.05);
    const right = found.filter(({ p, advantage }) => p.t <= ALPHA && advantage > 0);
    expect(right).toHaveLength(found.filter(({ p }) => p.t <= ALPHA).length);
  });

  it("a better AUC is found, and the interval holds the difference", () => {
    const found = Array.from({ length: 60 }, (_, i) => aucComparison(`auc-power/${i}`, 2));
    expect(share(found.map(({ p }) => p))).toBeGreaterThan(0.9);
    expect(
      found.every(({ advantage, interval }) => advantage > interval.low && advantage < interval.high),
    ).toBe(true);
  });
});

/** Two rankers of labelled cases: a common signal, `sharper` more of it for ours, and noise of each user and case. */
function aucComparison(label: string, sharper: number) {
  const random = Random.fromSeed(label);
  const labels = Float32Array.from(clusters, () => (random.uniform() < 0.4 ? 1 : 0));
  const scores = (signal: number) => {
    const taste = Float64Array.from({ length: USERS }, () => random.normal());
    return Float64Array.from(
      clusters,
      (user, i) => labels[i] * (signal + 0.7 * taste[user]) + random.normal(),
    );
  };
  return comparePooled([prepareAuc(labels, scores(0.7 + sharper))], [prepareAuc(labels, scores(0.7))], {
    cases: labels.length,
    better: "higher",
    random: random.fork("bootstrap"),
    clusters,
    replicates: 199,
  });
}
