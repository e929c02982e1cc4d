import { Pace } from "../../core/pace.js";

/**
 * A block of scores [cases, items], row by row, in a loop that can be interrupted.
 * @param fill - writes one case's scores; the row comes as zeros.
 */
export async function scoreRows<C>(
  cases: readonly C[],
  items: number,
  signal: AbortSignal,
  fill: (one: C, row: Float32Array) => void,
): Promise<Float32Array> {
  const pace = new Pace(signal);
  const scores = new Float32Array(cases.length * items);
  for (const [n, one] of cases.entries()) {
    fill(one, scores.subarray(n * items, (n + 1) * items));
    if (pace.due()) await pace.breathe();
  }
  return scores;
}
