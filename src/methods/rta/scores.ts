import { Pace } from "../../core/pace.js";
import type { Vectors } from "../../llm/language-model.js";

/** Inner products of queries and items [queries, items]. */
export async function allScores(
  queries: Vectors,
  items: Vectors,
  signal: AbortSignal,
): Promise<Float32Array> {
  const { width } = queries;
  const pace = new Pace(signal);
  const scores = new Float32Array(queries.rows * items.rows);
  for (let query = 0; query < queries.rows; query++) {
    const q = queries.data.subarray(query * width, (query + 1) * width);
    for (let item = 0, at = 0; item < items.rows; item++) {
      let sum = 0;
      for (let d = 0; d < width; d++, at++) sum += q[d] * items.data[at];
      scores[query * items.rows + item] = sum;
    }
    if (pace.due()) await pace.breathe();
  }
  return scores;
}

/** Some rows. */
export function pickRows({ width, data }: Vectors, rows: readonly number[]): Vectors {
  const some = new Float32Array(rows.length * width);
  rows.forEach((row, n) => {
    some.set(data.subarray(row * width, (row + 1) * width), n * width);
  });
  return { rows: rows.length, width, data: some };
}

/**
 * Share of right items that are among the k best of all candidates; ties count half.
 * @param right - items by row of the scores.
 * @returns NaN where there is none.
 */
export function recallOf(
  scores: Float32Array,
  right: readonly (readonly number[])[],
  candidates: Int32Array,
  k: number,
): number {
  let [found, count] = [0, 0];
  const width = scores.length / Math.max(1, right.length);
  right.forEach((list, n) => {
    const row = scores.subarray(n * width, (n + 1) * width);
    for (const item of list) {
      let rank = -0.5;
      for (const other of candidates) rank += row[other] > row[item] ? 1 : row[other] === row[item] ? 0.5 : 0;
      if (rank < k) found++;
      count++;
    }
  });
  return found / count;
}
