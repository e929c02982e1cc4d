import { Pace } from "../../core/pace.js";
import type { Csr } from "../../data/csr.js";
import type { ColdStartCase, ScoreBlock } from "../../tasks/cold-start.js";

/**
 * Scores [cases, columns of `right`]: the cases' rows of `left` times `right`, both sparse. Entries that no product
 * reaches are exactly 0. Sums are taken in double precision in the order of the rows' entries and then rounded, so that
 * a user's scores don't depend on the block it's in.
 */
export async function sparseScores(
  left: Csr,
  right: Csr,
  cases: readonly ColdStartCase[],
  signal: AbortSignal,
): Promise<ScoreBlock> {
  const width = right.columns;
  const scores = new Float32Array(cases.length * width);
  const sums = new Float64Array(width);
  const pace = new Pace(signal);
  for (let row = 0; row < cases.length; row++) {
    const { user } = cases[row];
    sums.fill(0);
    for (let at = left.offsets[user]; at < left.offsets[user + 1]; at++) {
      const weight = left.values[at];
      const middle = left.indices[at];
      for (let to = right.offsets[middle]; to < right.offsets[middle + 1]; to++) {
        sums[right.indices[to]] += weight * right.values[to];
      }
    }
    scores.set(sums, row * width);
    if (pace.due()) await pace.breathe();
  }
  return scores;
}
