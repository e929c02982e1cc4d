import { RANKING_METRICS } from "../../../src/metrics/ranking/expectation.js";

/** Ranking metrics of one strict order by their textbook formulas, and their mean over all orders of tied items. */

export function metricsOfOrder(relevance: readonly boolean[], relevantCount: number, k: number): number[] {
  if (relevantCount === 0) return RANKING_METRICS.map(() => NaN);
  const cut = relevance.slice(0, k);
  const hits = cut.filter(Boolean).length;
  const first = cut.indexOf(true);
  const hitsUpTo = (place: number): number => cut.slice(0, place + 1).filter(Boolean).length;
  const ap = cut.reduce((sum, hit, place) => sum + (hit ? hitsUpTo(place) / (place + 1) : 0), 0);
  const dcg = cut.reduce((sum, hit, place) => sum + (hit ? 1 / Math.log2(place + 2) : 0), 0);
  let ideal = 0;
  for (let place = 0; place < Math.min(relevantCount, k); place++) ideal += 1 / Math.log2(place + 2);
  return [
    hits / relevantCount,
    hits / k,
    hits > 0 ? 1 : 0,
    first < 0 ? 0 : 1 / (first + 1),
    ap / Math.min(relevantCount, k),
    dcg / ideal,
  ];
}

export function permutations<T>(list: readonly T[]): T[][] {
  if (list.length <= 1) return [[...list]];
  return list.flatMap((first, i) =>
    permutations([...list.slice(0, i), ...list.slice(i + 1)]).map((rest) => [first, ...rest]),
  );
}

/** Every order of the candidates that falls in score, tied items in all orders. */
export function ordersOf(scores: ArrayLike<number>, candidates: readonly number[]): number[][] {
  const levels = [...new Set(candidates.map((item) => scores[item]))].sort((a, b) => b - a);
  return levels.reduce<number[][]>(
    (orders, level) => {
      const tied = permutations(candidates.filter((item) => scores[item] === level));
      return orders.flatMap((order) => tied.map((group) => [...order, ...group]));
    },
    [[]],
  );
}

export function expectedMetrics(
  scores: ArrayLike<number>,
  candidates: readonly number[],
  relevant: readonly number[],
  ks: readonly number[],
): Record<string, number> {
  const orders = ordersOf(scores, candidates);
  const out: Record<string, number> = {};
  for (const k of ks) {
    const all = orders.map((order) =>
      metricsOfOrder(
        order.map((item) => relevant.includes(item)),
        relevant.length,
        k,
      ),
    );
    RANKING_METRICS.forEach((metric, m) => {
      out[`${metric}@${k}`] = all.reduce((sum, values) => sum + values[m], 0) / all.length;
    });
  }
  return out;
}
