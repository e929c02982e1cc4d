import { describe, expect, it } from "vitest";
import { DataError } from "../../../src/core/errors.js";
import { Random } from "../../../src/core/random.js";
import { evaluateList, ListEvaluator } from "../../../src/metrics/ranking/list.js";
import { rankCase } from "../../../src/metrics/ranking/rank.js";

const ints = (...values: number[]): Int32Array => Int32Array.from(values);

describe("evaluateList", () => {
  it("equals the ranking of the same order by scores", () => {
    const random = Random.fromSeed(1);
    for (let n = 0; n < 50; n++) {
      const list = random.permutation(12);
      const relevant = random.sample(12, 1 + random.int(5)).sort();
      const row = new Float32Array(12);
      list.forEach((item, place) => (row[item] = -place));
      const ranked = rankCase(row, { relevant }, [1, 3, 10, 20]).metrics;
      expect(evaluateList(list, relevant, [1, 3, 10, 20]).metrics).toEqual(ranked);
    }
  });

  it("counts a repeated item once; the repeat holds its position and is no hit", () => {
    const { metrics, duplicates } = evaluateList([4, 4, 7, 4], ints(4, 7), [4]);
    expect(duplicates).toBe(2);
    expect(metrics["recall@4"]).toBe(1);
    expect(metrics["precision@4"]).toBe(0.5);
    expect(metrics["map@4"]).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(metrics["ndcg@4"]).toBeCloseTo((1 + 1 / 2) / (1 + 1 / Math.log2(3)), 12);
  });

  it("can not be beaten by repeating the one relevant item", () => {
    expect(evaluateList([4, 4, 4], ints(4), [3]).metrics["precision@3"]).toBeCloseTo(1 / 3, 12);
  });

  it("lets answers that named no item hold their positions, without calling them duplicates", () => {
    const { metrics, duplicates } = evaluateList([-1, -1, 5], ints(5), [3]);
    expect(metrics["mrr@3"]).toBeCloseTo(1 / 3, 12);
    expect(duplicates).toBe(0);
  });

  it("counts duplicates only within the largest k", () => {
    expect(evaluateList([1, 2, 1, 1], ints(9), [1, 3]).duplicates).toBe(1);
  });

  it("gives zero for an empty list and NaN where nothing is relevant", () => {
    expect(Object.values(evaluateList([], ints(1), [5]).metrics)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(Object.values(evaluateList([1], ints(), [5]).metrics).every(Number.isNaN)).toBe(true);
  });

  it("refuses relevant items out of order", () => {
    expect(() => evaluateList([1], ints(2, 1), [5])).toThrow(DataError);
  });

  it("forgets the list before", () => {
    const evaluator = new ListEvaluator([2]);
    evaluator.evaluate([1, 2], ints(1));
    expect(evaluator.evaluate([1, 2], ints(1)).duplicates).toBe(0);
  });
});
