import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import {
  bootstrapP,
  comparePaired,
  pairedTTest,
  wilcoxonTest,
} from "../../../src/metrics/statistics/paired.js";

const floats = (...values: number[]): Float64Array => Float64Array.from(values);

describe("paired tests", () => {
  // python: from scipy import stats (SciPy 1.17.1)
  const ours = [0.31, 0.42, 0.55, 0.1, 0.77, 0.2, 0.49, 0.66, 0.35, 0.28, 0.91, 0.12];
  const theirs = [0.29, 0.47, 0.41, 0.05, 0.7, 0.26, 0.3, 0.6, 0.19, 0.31, 0.8, 0.01];
  const waves = Float64Array.from({ length: 80 }, (_, i) => Math.sin((i + 1) * 1.7) + 0.2);

  it("t agrees with SciPy", async () => {
    // stats.ttest_rel(ours, theirs).pvalue
    const differences = Float64Array.from(ours, (value, i) => value - theirs[i]);
    expect(await pairedTTest(differences)).toBeCloseTo(0.020615738859025994, 12);
    // stats.ttest_1samp(np.sin(np.arange(1, 81) * 1.7) + .2, 0).pvalue
    expect(await pairedTTest(waves)).toBeCloseTo(0.012630950714501328, 12);
  });

  it("Wilcoxon agrees with SciPy: exact, with ties and zeros, and approximate", async () => {
    // stats.wilcoxon([-1, 2, 3.5, 4, 5, -6, 7.5, 8, 9, 10.25], mode="exact").pvalue
    expect(await wilcoxonTest(floats(-1, 2, 3.5, 4, 5, -6, 7.5, 8, 9, 10.25))).toBeCloseTo(0.037109375, 12);
    // stats.wilcoxon([...], method="approx", correction=True, zero_method="wilcox").pvalue
    expect(await wilcoxonTest(floats(1, -1, 2, 3, 3, -4, 5, 6, 0, 8, 9, 9))).toBeCloseTo(
      0.026009286310188947,
      12,
    );
    // stats.wilcoxon(np.sin(np.arange(1, 81) * 1.7) + .2, method="approx", correction=True).pvalue
    expect(await wilcoxonTest(waves)).toBeCloseTo(0.010076060876342817, 12);
  });

  it("say 1 where nothing differs and NaN where there is no pair", async () => {
    expect(await pairedTTest(floats(0, 0, 0))).toBe(1);
    expect(await wilcoxonTest(floats(0, 0, 0))).toBe(1);
    expect(await pairedTTest(floats(1))).toBeNaN();
    expect(await wilcoxonTest(floats())).toBeNaN();
  });

  it("never say 0", async () => {
    const clear = Float64Array.from({ length: 500 }, (_, i) => 5 + (i % 7) / 7);
    expect(await pairedTTest(clear)).toBeGreaterThan(0);
    expect(await wilcoxonTest(clear)).toBeGreaterThan(0);
    expect(await wilcoxonTest(clear)).toBeLessThan(1e-15);
    expect(bootstrapP(new Float64Array(999).fill(0.1))).toBeCloseTo(0.002, 12);
  });
});

describe("comparePaired", () => {
  const random = Random.fromSeed(1);
  const theirs = Float64Array.from({ length: 80 }, () => random.uniform());

  it("turns the sign for a metric where lower is better", async () => {
    const ours = theirs.map((value, i) => value - 0.1 + (i % 5) / 50);
    const lower = await comparePaired(ours, theirs, { better: "lower", random: Random.fromSeed(2) });
    const higher = await comparePaired(ours, theirs, { better: "higher", random: Random.fromSeed(2) });
    expect(lower.difference).toBeCloseTo(-0.06, 12);
    expect(lower.advantage).toBeCloseTo(0.06, 12);
    expect(higher.advantage).toBeCloseTo(-0.06, 12);
    expect(lower.effectSize).toBeGreaterThan(1);
    expect(higher.effectSize).toBe(-(lower.effectSize ?? NaN));
    expect(lower.p).toEqual(higher.p);
    expect(lower.p.t).toBeLessThan(1e-10);
    expect(lower.interval.high).toBeLessThan(0);
  });

  it("leaves out pairs without a value and averages clusters to one pair", async () => {
    const ours = [1, NaN, 3, 4, 9];
    const base = [0, 1, 1, NaN, 4];
    const plain = await comparePaired(ours, base, { better: "higher", random: Random.fromSeed(2) });
    expect(plain.n).toBe(3);
    expect(plain.difference).toBeCloseTo(8 / 3, 12);
    const clusters = Int32Array.of(0, 0, 0, 1, 2);
    const clustered = await comparePaired(ours, base, {
      better: "higher",
      random: Random.fromSeed(2),
      clusters,
    });
    expect(clustered.n).toBe(2);
    expect(clustered.difference).toBeCloseTo((1.5 + 5) / 2, 12);
  });

  it("refuses what can not be paired", async () => {
    await expect(comparePaired([1], [1, 2], { better: "higher", random })).rejects.toThrow(
      "1 cases can not be paired with 2",
    );
  });

  it("says nothing about no case", async () => {
    const none = await comparePaired([NaN], [1], { better: "higher", random });
    expect(none).toMatchObject({ n: 0, difference: NaN, p: { t: NaN, wilcoxon: NaN, bootstrap: NaN } });
  });
});

const TESTS = ["t", "wilcoxon", "bootstrap"] as const;

describe("false alarms", () => {
  it("are 5 % in A/A comparisons, for each test, and a planted effect is found", async () => {
    const random = Random.fromSeed("A/A");
    const rejected = { t: 0, wilcoxon: 0, bootstrap: 0 };
    const found = { t: 0, wilcoxon: 0, bootstrap: 0 };
    const rounds = 1000;
    const planted = 300;
    const draw = (): Float64Array => {
      const users = Float64Array.from({ length: 50 }, () => random.uniform());
      return users.map((user) => user + 0.2 * random.normal());
    };
    for (let round = 0; round < rounds; round++) {
      const ours = draw();
      const theirs = draw();
      // sd of a difference: sqrt(2 (1/12 + 0.04)) = 0.497; an effect of 0.4 sd on 50 pairs has power .79 (t test).
      const options = { better: "higher", random, replicates: 400 } as const;
      const same = await comparePaired(ours, theirs, options);
      for (const test of TESTS) if (same.p[test] < 0.05) rejected[test]++;
      if (round >= planted) continue;
      const better = ours.map((value) => value + 0.2);
      const shifted = await comparePaired(better, theirs, options);
      for (const test of TESTS) if (shifted.p[test] < 0.05) found[test]++;
    }
    // Three binomial standard errors around 5 % of 1,000 are 0.0207.
    for (const count of Object.values(rejected)) expect(Math.abs(count / rounds - 0.05)).toBeLessThan(0.0207);
    // python: statsmodels.stats.power.TTestPower().power(0.2 / 0.4967, 50, 0.05) is 0.797; 3 standard errors are 0.07.
    expect(found.t / planted).toBeGreaterThan(0.73);
    expect(found.t / planted).toBeLessThan(0.87);
    expect(found.wilcoxon / planted).toBeGreaterThan(0.7);
  });
});
