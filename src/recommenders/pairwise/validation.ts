import { csrFromPairs, rowIndices, rowOfEachEntry, type Csr } from "../../data/csr.js";
import { CaseRanker } from "../../metrics/ranking/rank.js";
import { type Factors, innerProducts } from "../factorisation/factors.js";
import { itemsOf } from "../sampling/negatives.js";
import type { PairwiseData } from "./data.js";

const K = 20;
const BLOCK_SCORES = 4 * 1024 * 1024;

/**
 * Mean NDCG@20 of embeddings on the validation pairs, full ranking without the known pairs. Where the training pairs cover
 * none of the cold validation items, only warm items are ranked, for every user with a warm validation pair; otherwise warm and
 * cold ones together, for the users with pairs of both kinds (the papers' overall setting).
 * @returns undefined where no user has such pairs.
 */
export function validationNdcg(
  { matrix, validation: { warm, cold }, known = matrix }: PairwiseData,
  signal: AbortSignal,
): ((embeddings: Factors) => Promise<number>) | undefined {
  const trained = new Uint8Array(matrix.columns);
  for (const item of matrix.indices) trained[item] = 1;
  const isOverall = cold.indices.some((item) => trained[item] === 1);
  const relevant = isOverall ? union(warm, cold) : warm;
  const candidates = itemsOf(isOverall ? union(matrix, cold) : matrix);
  const cases = Array.from({ length: matrix.rows }, (_, user) => ({ user })).filter(
    ({ user }) => rowIndices(warm, user).length > 0 && (!isOverall || rowIndices(cold, user).length > 0),
  );
  if (cases.length === 0) return undefined;

  const ranker = new CaseRanker([K]);
  const ndcg = ranker.names.indexOf(`ndcg@${K}`);
  const blockSize = Math.max(1, Math.floor(BLOCK_SCORES / matrix.columns));
  return async (embeddings) => {
    let sum = 0;
    for (let from = 0; from < cases.length; from += blockSize) {
      const block = cases.slice(from, from + blockSize);
      const scores = await innerProducts(embeddings, block, signal);
      block.forEach(({ user }, row) => {
        const values = ranker.rank(scores.subarray(row * matrix.columns, (row + 1) * matrix.columns), {
          candidates,
          excluded: rowIndices(known, user),
          relevant: rowIndices(relevant, user),
          caseName: `validation, user number ${user}`,
        });
        sum += values[ndcg];
      });
    }
    return sum / cases.length;
  };
}

function union(a: Csr, b: Csr): Csr {
  return csrFromPairs(
    a.rows,
    a.columns,
    [...rowOfEachEntry(a), ...rowOfEachEntry(b)],
    [...a.indices, ...b.indices],
  );
}
