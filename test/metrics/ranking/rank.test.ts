import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError, UsageError } from "../../../src/core/errors.js";
import { Random } from "../../../src/core/random.js";
import { CaseRanker, rankCase, type RankQuery } from "../../../src/metrics/ranking/rank.js";
import { expectedMetrics } from "./brute-force.js";

const ints = (...values: number[]): Int32Array => Int32Array.from(values);
const floats = (...values: number[]): Float32Array => Float32Array.from(values);

const mostly = fc.nat(5).map((draw) => draw > 0);

/** Few score levels on few items: most cases have ties, also across the cut-off. */
const smallCase = fc
  .integer({ min: 1, max: 6 })
  .chain((items) =>
    fc.record({
      scores: fc.array(fc.constantFrom(-1.5, 0, 0.25, 3), { minLength: items, maxLength: items }),
      roles: fc.array(
        fc.record({ candidate: mostly, excluded: mostly.map((yes) => !yes), relevant: fc.boolean() }),
        {
          minLength: items,
          maxLength: items,
        },
      ),
      allCandidates: fc.boolean(),
    }),
  )
  .map(({ scores, roles, allCandidates }) => {
    const items = roles.map((_, item) => item);
    const query: RankQuery = {
      candidates: allCandidates ? undefined : Int32Array.from(items.filter((i) => roles[i].candidate)),
      excluded: Int32Array.from(items.filter((i) => roles[i].excluded)),
      relevant: Int32Array.from(items.filter((i) => roles[i].relevant)),
    };
    const ranked = items.filter((i) => !roles[i].excluded && (allCandidates || roles[i].candidate));
    return { row: Float32Array.from(scores), query, ranked };
  });

const KS = [1, 2, 3, 5, 9];
/** Mostly fewer places than items, so that the boundary falls among ties. */
const someKs = fc.constantFrom([1], [2], [3], [1, 2], [2, 4], KS);
fc.configureGlobal({ seed: 2025 });

describe("rankCase", () => {
  it("is the mean over all orders of tied items, for every metric and cut-off", () => {
    fc.assert(
      fc.property(smallCase, someKs, ({ row, query, ranked }, ks) => {
        const relevant = [...query.relevant];
        const found = rankCase(row, query, ks);
        const wanted = expectedMetrics(row, ranked, relevant, ks);
        for (const name of Object.keys(wanted)) {
          if (relevant.length === 0) expect(found.metrics[name], name).toBeNaN();
          else expect(found.metrics[name], name).toBeCloseTo(wanted[name], 12);
        }
        expect(found.candidates).toBe(ranked.length);
        expect(found.unreachable).toBe(relevant.filter((item) => !ranked.includes(item)).length);
      }),
      { numRuns: 600 },
    );
  });

  it("forgets ties at a boundary that later items pushed out", () => {
    const { metrics } = rankCase(floats(0, 0, 0, 5, 4), { relevant: ints(4) }, [2]);
    expect(metrics["recall@2"]).toBe(1);
    expect(metrics["mrr@2"]).toBe(0.5);
  });

  it("lists the best items, ties by lower item number", () => {
    fc.assert(
      fc.property(smallCase, fc.integer({ min: 1, max: 9 }), ({ row, query, ranked }, k) => {
        const wanted = [...ranked].sort((a, b) => row[b] - row[a] || a - b).slice(0, k);
        expect([...rankCase(row, query, [k]).top]).toEqual(wanted);
      }),
    );
  });

  it("gives a constant scorer the level of a random order", () => {
    // 100 items, 4 relevant: recall@10 = 10/100, precision@10 = 4/100, hit@10 = 1 - C(96,10)/C(100,10).
    const { metrics } = rankCase(new Float32Array(100).fill(7), { relevant: ints(0, 1, 2, 3) }, [10]);
    expect(metrics["recall@10"]).toBeCloseTo(0.1, 12);
    expect(metrics["precision@10"]).toBeCloseTo(0.04, 12);
    // python: from math import comb; 1 - comb(96, 10) / comb(100, 10)
    expect(metrics["hit@10"]).toBeCloseTo(0.34836945087312, 12);
  });

  it("does not care where the relevant item is stored", () => {
    const row = new Float32Array(100);
    const at = (item: number): unknown => rankCase(row, { relevant: ints(item) }, [10]).metrics;
    expect(at(0)).toEqual(at(99));
    expect(at(0)).toMatchObject({ "hit@10": expect.closeTo(0.1, 12) as number });
  });

  it("gives NaN where nothing is relevant", () => {
    const { metrics, top } = rankCase(floats(1, 2), { relevant: ints() }, [1, 5]);
    expect(Object.values(metrics).every(Number.isNaN)).toBe(true);
    expect([...top]).toEqual([1, 0]);
  });

  it("keeps the denominators where k is larger than the number of candidates", () => {
    const { metrics } = rankCase(floats(1, 2), { relevant: ints(0, 1) }, [10]);
    expect(metrics).toEqual({
      "recall@10": 1,
      "precision@10": 0.2,
      "hit@10": 1,
      "mrr@10": 1,
      "map@10": 1,
      "ndcg@10": 1,
    });
  });

  it("works without any candidate", () => {
    const { metrics, top, unreachable } = rankCase(
      floats(1, 2),
      { candidates: ints(), relevant: ints(1) },
      [2],
    );
    expect(Object.values(metrics)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(top.length).toBe(0);
    expect(unreachable).toBe(1);
  });

  it.each([NaN, Infinity, -Infinity])(
    "refuses a score of %s, wherever it stands, naming case and item",
    (bad) => {
      for (const item of [0, 1, 37, 99]) {
        const row = Float32Array.from({ length: 100 }, (_, i) => Math.sin(i));
        row[item] = bad;
        const everything = Int32Array.from({ length: 100 }, (_, i) => i);
        for (const candidates of [undefined, everything]) {
          const query = { candidates, relevant: ints(5), caseName: 12 };
          expect(() => rankCase(row, query, [3])).toThrow(DataError);
          expect(() => rankCase(row, query, [3])).toThrow(`the score of item ${item} in case 12 is ${bad}`);
          expect(() => rankCase(row, { ...query, excluded: ints(item) }, [3])).not.toThrow();
        }
      }
    },
  );

  it("takes the largest and smallest float32 as scores", () => {
    const most = 3.4028234663852886e38;
    expect([...rankCase(floats(-most, most, 0), { relevant: ints(1) }, [1]).top]).toEqual([1]);
    expect([...rankCase(floats(0, 1, -most), { relevant: ints(1) }, [3]).top]).toEqual([1, 0, 2]);
  });

  it("refuses lists out of order or range", () => {
    const row = floats(1, 2, 3);
    expect(() => rankCase(row, { relevant: ints(2, 1) }, [1])).toThrow("relevant items of this case");
    expect(() => rankCase(row, { relevant: ints(3) }, [1])).toThrow(DataError);
    expect(() => rankCase(row, { relevant: ints(0), excluded: ints(1, 1) }, [1])).toThrow("excluded items");
    expect(() => rankCase(row, { relevant: ints(0), candidates: ints(1, 0) }, [1])).toThrow("candidates");
  });

  it.each([[[]], [[0]], [[2, 1]], [[1.5]], [[5, 5]]])("refuses the cut-offs %j", (ks) => {
    expect(() => new CaseRanker(ks)).toThrow(UsageError);
  });
});

describe("CaseRanker", () => {
  it("gives the same for a row whatever it ranked before", () => {
    const random = Random.fromSeed(3);
    const ranker = new CaseRanker([1, 5, 20]);
    const cold = Int32Array.from({ length: 60 }, (_, i) => 3 * i);
    for (let n = 0; n < 200; n++) {
      const row = Float32Array.from({ length: 200 }, () => random.int(1 + random.int(300)) / 7);
      const relevant = random.sample(200, random.int(9)).sort();
      const excluded = random.sample(200, random.int(30)).sort();
      const candidates = n % 2 === 0 ? undefined : cold;
      const query = { relevant, excluded, candidates };
      const fresh = rankCase(row, query, [1, 5, 20]);
      expect([...ranker.rank(row, query)]).toEqual(Object.values(fresh.metrics));
      expect([...ranker.top.subarray(0, ranker.topCount)]).toEqual([...fresh.top]);
      expect(ranker.unreachable).toBe(fresh.unreachable);
    }
  });

  it("forgets the ties of the row before", () => {
    const ranker = new CaseRanker([2]);
    ranker.rank(floats(1, 1, 1, 1, 1), { relevant: ints(0) });
    ranker.rank(floats(5, 4, 3, 2, 1), { relevant: ints(1) });
    expect(ranker.values[ranker.names.indexOf("recall@2")]).toBe(1);
  });

  it("agrees with a full sort on rows of every shape", () => {
    const shapes: ((i: number) => number)[] = [
      (i) => i,
      (i) => -i,
      (i) => i % 10,
      (i) => Math.floor(i / 100),
      () => 0,
      (i) => Math.sin(i * i),
    ];
    const ranker = new CaseRanker([50]);
    for (const shape of shapes) {
      const row = Float32Array.from({ length: 1000 }, (_, i) => shape(i));
      ranker.rank(row, { relevant: ints(1) });
      const sorted = Array.from({ length: 1000 }, (_, i) => i).sort((a, b) => row[b] - row[a] || a - b);
      expect([...ranker.top]).toEqual(sorted.slice(0, 50));
    }
  });

  it("keeps within 0..1, grows with k where it must, and orders hit >= mrr", () => {
    fc.assert(
      fc.property(smallCase, ({ row, query }) => {
        fc.pre(query.relevant.length > 0);
        const { metrics } = rankCase(row, query, KS);
        for (const value of Object.values(metrics)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1 + 1e-12);
        }
        for (const metric of ["recall", "hit", "mrr"]) {
          for (let i = 1; i < KS.length; i++)
            expect(metrics[`${metric}@${KS[i]}`]).toBeGreaterThanOrEqual(
              metrics[`${metric}@${KS[i - 1]}`] - 1e-12,
            );
        }
        for (const k of KS) expect(metrics[`hit@${k}`]).toBeGreaterThanOrEqual(metrics[`mrr@${k}`] - 1e-12);
        expect(metrics["hit@1"]).toBeCloseTo(metrics["mrr@1"], 12);
      }),
    );
  });
});
