import type { TensorsOf } from "../../engine/run/tensor.js";
import type { PairwiseBatch } from "./model.js";

/**
 * BPR's loss on rows that lie in several tables [users + items, width], one after another, and its gradient: with F the joined rows,
 * `mean of -log sigmoid(F_u.F_p - F_u.F_n)`, and for the gradient also
 * `regularization / (2 triples) * sum over triples of |F_u|^2 + |F_p|^2 + |F_n|^2`.
 * @returns `loss` without the penalty; `upstream`: the gradient with respect to each table.
 */
export function rankingGradient(
  tables: readonly Float32Array[],
  width: number,
  users: number,
  { user, positive, negative }: TensorsOf<PairwiseBatch>,
  regularization: number,
): { loss: number; upstream: Float32Array[] } {
  const count = user.data.length;
  const upstream = tables.map(({ length }) => new Float32Array(length));
  const penalty = regularization / count;
  let loss = 0;
  for (let n = 0; n < count; n++) {
    const u = user.data[n] * width;
    const p = (users + positive.data[n]) * width;
    const q = (users + negative.data[n]) * width;
    let x = 0;
    for (const table of tables) {
      for (let d = 0; d < width; d++) x += table[u + d] * (table[p + d] - table[q + d]);
    }
    // Of exp(-|x|) alone, so that nothing overflows.
    const small = Math.exp(-Math.abs(x));
    loss += Math.max(-x, 0) + Math.log1p(small);
    const c = -(x > 0 ? small : 1) / ((1 + small) * count);
    tables.forEach((table, at) => {
      const out = upstream[at];
      for (let d = 0; d < width; d++) {
        const eu = table[u + d];
        const ep = table[p + d];
        const eq = table[q + d];
        out[u + d] += c * (ep - eq) + penalty * eu;
        out[p + d] += c * eu + penalty * ep;
        out[q + d] += penalty * eq - c * eu;
      }
    });
  }
  return { loss: loss / count, upstream };
}
