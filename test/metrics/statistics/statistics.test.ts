import { describe as group, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { prepareAuc } from "../../../src/metrics/ctr/auc.js";
import {
  bootstrapMeans,
  bootstrapSample,
  percentileInterval,
  quantile,
} from "../../../src/metrics/statistics/bootstrap.js";
import {
  averageSeeds,
  clusterMeans,
  describe,
  numberClusters,
} from "../../../src/metrics/statistics/describe.js";
import { holm } from "../../../src/metrics/statistics/holm.js";

group("describe", () => {
  it("gives mean and sample standard deviation", () => {
    // python: np.mean([.31, .33, .36]), np.std([.31, .33, .36], ddof=1)
    expect(describe([0.31, 0.33, 0.36])).toEqual({
      n: 3,
      mean: expect.closeTo(0.3333333333, 9) as number,
      sd: expect.closeTo(0.025166114784235825, 12) as number,
    });
    expect(describe([2])).toEqual({ n: 1, mean: 2, sd: null });
    expect(describe([])).toEqual({ n: 0, mean: NaN, sd: null });
  });
});

group("seeds and clusters", () => {
  it("are averaged within a case", () => {
    expect([
      ...averageSeeds([
        [0, 1, NaN],
        [1, NaN, NaN],
      ]),
    ]).toEqual([0.5, 1, NaN]);
    expect(() => averageSeeds([[0], [1, 2]])).toThrow("the seeds' results have 1, 2 cases");
  });

  it("are numbered in order of appearance and averaged without their missing cases", () => {
    const { of, count } = numberClusters(["u7", "u1", "u7", "u3"]);
    expect([...of]).toEqual([0, 1, 0, 2]);
    expect([...clusterMeans([1, NaN, 3, 5], of, count)]).toEqual([2, NaN, 5]);
  });
});

group("quantile", () => {
  it("interpolates like NumPy", () => {
    // python: np.quantile([1,2,4,8,16], [.025, .5, .9])
    const sorted = Float64Array.of(1, 2, 4, 8, 16);
    expect([0.025, 0.5, 0.9].map((share) => quantile(sorted, share))).toEqual([
      expect.closeTo(1.1, 12),
      4,
      expect.closeTo(12.8, 12),
    ]);
    expect(quantile(Float64Array.of(), 0.5)).toBeNaN();
  });
});

group("bootstrapMeans", () => {
  const values = Float64Array.from({ length: 200 }, (_, i) => ((i * 37) % 101) / 101);

  it("agrees with SciPy up to the resamples' noise", () => {
    // python: scipy.stats.bootstrap((vals,), np.mean, n_resamples=200000, method="percentile", random_state=1)
    const [interval] = bootstrapMeans(values, 1, Random.fromSeed(1), { replicates: 20_000 });
    expect(interval.low).toBeCloseTo(0.45535, 2);
    expect(interval.high).toBeCloseTo(0.53564, 2);
    expect(Math.abs(interval.low - 0.45535)).toBeLessThan(0.0015);
    expect(Math.abs(interval.high - 0.53564)).toBeLessThan(0.0015);
  });

  it("is the same for the same generator", () => {
    const once = bootstrapMeans(values, 1, Random.fromSeed(5));
    expect(bootstrapMeans(values, 1, Random.fromSeed(5))).toEqual(once);
    expect(bootstrapMeans(values, 1, Random.fromSeed(6))).not.toEqual(once);
  });

  it("treats each column by itself and leaves NaN out", () => {
    const table = new Float64Array(600);
    values.forEach((value, i) => {
      table.set([value, i % 2 === 0 ? NaN : value, NaN], 3 * i);
    });
    const [all, half, none] = bootstrapMeans(table, 3, Random.fromSeed(5));
    expect(all).toEqual(bootstrapMeans(values, 1, Random.fromSeed(5))[0]);
    expect(half.high - half.low).toBeGreaterThan(1.2 * (all.high - all.low));
    expect(none).toEqual({ low: NaN, high: NaN });
  });

  it("is wider by sqrt(m) where m copies of a case share a cluster", () => {
    const copies = Float64Array.from({ length: 800 }, (_, i) => values[i % 200]);
    const clusters = Int32Array.from({ length: 800 }, (_, i) => i % 200);
    const width = ({ low, high }: { low: number; high: number }): number => high - low;
    const naive = width(bootstrapMeans(copies, 1, Random.fromSeed(1))[0]);
    const clustered = width(bootstrapMeans(copies, 1, Random.fromSeed(1), { clusters })[0]);
    expect(clustered / naive).toBeGreaterThan(1.8);
    expect(clustered / naive).toBeLessThan(2.2);
  });

  it("covers the true mean about 95 times in 100", () => {
    const random = Random.fromSeed("coverage");
    let covered = 0;
    for (let n = 0; n < 400; n++) {
      const sample = Float64Array.from({ length: 60 }, () => random.normal());
      const [{ low, high }] = bootstrapMeans(sample, 1, random, { replicates: 300 });
      if (low <= 0 && high >= 0) covered++;
    }
    expect(covered / 400).toBeGreaterThan(0.9);
    expect(covered / 400).toBeLessThan(0.98);
  });
});

group("bootstrapSample", () => {
  it("resamples the AUC by user", () => {
    const random = Random.fromSeed(2);
    const labels = Array.from({ length: 300 }, (_, i) => i % 2);
    const scores = labels.map((label) => label + 2 * random.normal());
    const clusters = Int32Array.from({ length: 300 }, (_, i) => Math.floor(i / 3));
    const aucOf = prepareAuc(labels, scores);
    const { low, high } = percentileInterval(
      bootstrapSample(300, (weights) => aucOf(weights), Random.fromSeed(3), { clusters, replicates: 400 }),
    );
    expect(low).toBeLessThan(aucOf());
    expect(high).toBeGreaterThan(aucOf());
    expect(high - low).toBeLessThan(0.2);
  });

  it("draws whole clusters", () => {
    const clusters = Int32Array.of(0, 0, 1, 1);
    bootstrapSample(
      4,
      (weights) => {
        expect(weights[0]).toBe(weights[1]);
        expect(weights[2]).toBe(weights[3]);
        expect(weights[0] + weights[2]).toBe(2);
        return 0;
      },
      Random.fromSeed(1),
      { clusters, replicates: 50 },
    );
  });
});

group("holm", () => {
  it("agrees with statsmodels", () => {
    // python: statsmodels.stats.multitest.multipletests([.01, .04, .03, .005, .6], method="holm")[1]
    const adjusted = holm([0.01, 0.04, 0.03, 0.005, 0.6]);
    [0.04, 0.09, 0.09, 0.025, 0.6].forEach((p, i) => {
      expect(adjusted[i]).toBeCloseTo(p, 12);
    });
  });

  it("leaves impossible tests out", () => {
    expect(holm([NaN, 0.03])).toEqual([NaN, 0.03]);
    expect(holm([])).toEqual([]);
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
  });
});
