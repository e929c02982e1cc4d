import { type Better, isBetter } from "../marks.js";

/** What is weighed: less cost is better, the value in the metric's own direction. */
export interface Tradeoff {
  readonly cost: number;
  readonly value: number;
}

/**
 * The points that no other point beats: none is at least as good in cost and in value and better in one of them. In
 * order of rising cost; equal points are all on the front. Empty for a metric without a direction.
 */
export function paretoFront<P extends Tradeoff>(points: readonly P[], better: Better): P[] {
  if (better === null) return [];
  const beats = (a: P, b: P): boolean =>
    a.cost <= b.cost &&
    !isBetter(b.value, a.value, better) &&
    (a.cost < b.cost || isBetter(a.value, b.value, better));
  return points
    .filter((point) => !points.some((other) => beats(other, point)))
    .sort((a, b) => a.cost - b.cost);
}
