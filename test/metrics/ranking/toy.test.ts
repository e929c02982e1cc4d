import { describe, expect, it } from "vitest";
import { evaluateList } from "../../../src/metrics/ranking/list.js";

/**
 * Four users on which the tools' definitions disagree: R relevant items, hits at these places of a list of this length.
 * The figures of the other definitions are those of docs/metrics.md, "How other tools differ".
 */
const USERS = [
  { relevant: 1, hits: [2], length: 10 },
  { relevant: 20, hits: [1, 2, 3, 4, 5], length: 10 },
  { relevant: 3, hits: [], length: 10 },
  { relevant: 3, hits: [1, 2], length: 2 },
];
const K = 10;
const results = USERS.map(({ relevant, hits, length }) => {
  let nextHit = 0;
  const list = Array.from({ length }, (_, place) => (hits.includes(place + 1) ? nextHit++ : 100 + place));
  return evaluateList(
    list,
    Int32Array.from({ length: relevant }, (_, i) => i),
    [K],
  ).metrics;
});
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("the four users of docs/metrics.md", () => {
  it.each([
    ["recall@10", 0.4792],
    ["precision@10", 0.2],
    ["ndcg@10", 0.5113],
    // python: np.mean([0.5, 1, 0, 1])
    ["mrr@10", 0.625],
    // python: np.mean([1, 1, 0, 1])
    ["hit@10", 0.75],
    // python: np.mean([(1/2)/1, 5/10, 0, 2/3])
    ["map@10", 0.4167],
  ])("have %s = %s", (name, value) => {
    expect(mean(results.map((metrics) => metrics[name]))).toBeCloseTo(value, 4);
  });

  it("give other tools' figures by their own denominators", () => {
    const hits = results.map((metrics) => metrics["precision@10"] * K);
    const reachable = USERS.map(({ relevant }) => Math.min(relevant, K));
    expect(mean(hits.map((h, i) => h / reachable[i]))).toBeCloseTo(0.5417, 4);
    expect(mean(hits) / mean(reachable)).toBeCloseTo(0.4706, 4);
    expect(mean(hits.map((h, i) => h / USERS[i].length))).toBeCloseTo(0.4, 4);
    const ideal = (places: number): number =>
      Array.from({ length: places }, (_, i) => 1 / Math.log2(i + 2)).reduce((a, b) => a + b, 0);
    const allSlots = results.map((metrics, i) => (metrics["ndcg@10"] * ideal(reachable[i])) / ideal(K));
    expect(mean(allSlots)).toBeCloseTo(0.2867, 4);
    const withHit = results.filter((metrics) => metrics["hit@10"] > 0);
    expect(mean(withHit.map((metrics) => metrics["ndcg@10"]))).toBeCloseTo(0.6817, 4);
  });
});

describe("against ranx 0.3.21", () => {
  // python: from ranx import Qrels, Run, evaluate
  // qrels = Qrels({"a": {"d1":1,"d4":1,"d9":1}, "b": {"d2":1}, "c": {f"d{i}":1 for i in range(1,8)}})
  // lists = {"a": [3,1,9,5,6], "b": [7,8,2,1,4], "c": [1,2,9,3,10]}
  // run = Run({q: {f"d{d}": 10-i for i, d in enumerate(l)} for q, l in lists.items()})
  // evaluate(qrels, run, ["recall@3", "precision@3", ..., "ndcg@5"], return_mean=False)
  // ranx divides average precision by R; ours by min(R, k), so its third value is times 7/3 and 7/5 here.
  const lists = [
    [3, 1, 9, 5, 6],
    [7, 8, 2, 1, 4],
    [1, 2, 9, 3, 10],
  ];
  const relevant = [[1, 4, 9], [2], [1, 2, 3, 4, 5, 6, 7]];
  it.each([
    ["recall@3", [0.66666667, 1, 0.28571429]],
    ["precision@3", [0.66666667, 0.33333333, 0.66666667]],
    ["hit@3", [1, 1, 1]],
    ["mrr@3", [0.5, 0.33333333, 1]],
    ["map@3", [0.38888889, 0.33333333, (0.28571429 * 7) / 3]],
    ["ndcg@3", [0.53072127, 0.5, 0.76536064]],
    ["recall@5", [0.66666667, 1, 0.42857143]],
    ["precision@5", [0.4, 0.2, 0.6]],
    ["mrr@5", [0.5, 0.33333333, 1]],
    ["map@5", [0.38888889, 0.33333333, (0.39285714 * 7) / 5]],
    ["ndcg@5", [0.53072127, 0.5, 0.69921482]],
  ])("%s", (name, values) => {
    lists.forEach((list, i) => {
      const { metrics } = evaluateList(list, Int32Array.from(relevant[i]), [3, 5]);
      expect(metrics[name]).toBeCloseTo(values[i], 7);
    });
  });
});
