import { csrFromPairs, rowIndices, rowOfEachEntry, type Csr } from "../data/csr.js";
import { CaseRanker } from "../metrics/ranking/rank.js";
import type { Fitted, RunContext } from "./recommender.js";
import { itemsOf } from "./sampling/negatives.js";

const K = 20;
const BLOCK_SCORES = 4 * 1024 * 1024;

/** Real pairs to choose by, and those that the choice must not reward. */
export interface ValidationData {
  /** What was learnt from [users, items]: real pairs and, where a method has made some, simulated ones. */
  readonly matrix: Csr;
  /** Validation pairs of warm and of cold items. */
  readonly validation: { readonly warm: Csr; readonly cold: Csr };
  /** Pairs that aren't ranked: the real training pairs. Default: `matrix`. */
  readonly known?: Csr;
  /** Whether cold items have scores though none of their pairs were learnt from, as by their text. Default: no. */
  readonly scoresCold?: boolean;
}

/** Scores [users, all items] of some users, row-major. */
export type ScoreUsers = (users: readonly { readonly user: number }[]) => Promise<Float32Array>;

/**
 * Mean NDCG@20 of scores on the validation pairs, full ranking without the known pairs. Where the cold validation items have
 * neither training pairs nor scores otherwise, only warm items are ranked, for every user with a warm validation pair; otherwise warm and
 * cold ones together, for the users with pairs of both kinds (the papers' overall setting).
 * @returns undefined where no user has such pairs.
 */
export function validationNdcg({
  matrix,
  validation: { warm, cold },
  known = matrix,
  scoresCold = false,
}: ValidationData): ((score: ScoreUsers) => Promise<number>) | undefined {
  const trained = new Uint8Array(matrix.columns);
  for (const item of matrix.indices) trained[item] = 1;
  const isOverall = cold.indices.some((item) => scoresCold || trained[item] === 1);
  const relevant = isOverall ? union(warm, cold) : warm;
  const candidates = itemsOf(isOverall ? union(matrix, cold) : matrix);
  const cases = Array.from({ length: matrix.rows }, (_, user) => ({ user })).filter(
    ({ user }) => rowIndices(warm, user).length > 0 && (!isOverall || rowIndices(cold, user).length > 0),
  );
  if (cases.length === 0) return undefined;

  const ranker = new CaseRanker([K]);
  const ndcg = ranker.names.indexOf(`ndcg@${K}`);
  const blockSize = Math.max(1, Math.floor(BLOCK_SCORES / matrix.columns));
  return async (score) => {
    let sum = 0;
    for (let from = 0; from < cases.length; from += blockSize) {
      const block = cases.slice(from, from + blockSize);
      const scores = await score(block);
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

/**
 * Fits with each setting and keeps the fit of best NDCG@20 on the validation pairs; of equal ones the first. Without validation pairs
 * there is nothing to choose by: the first.
 * @param settings - at least one; one alone is taken as it is.
 */
export async function fitBest<S, F extends Fitted<"cold-start">>(
  label: string,
  settings: readonly S[],
  data: ValidationData,
  fitOne: (setting: S) => Promise<F>,
  context: RunContext,
): Promise<F> {
  const ndcg = settings.length > 1 ? validationNdcg(data) : undefined;
  if (ndcg === undefined) return fitOne(settings[0]);
  let best: { fitted: F; setting: S; metric: number } | undefined;
  for (const setting of settings) {
    const fitted = await fitOne(setting);
    const metric = await ndcg((users) => fitted.answer(users, context));
    if (best === undefined || metric > best.metric) best = { fitted, setting, metric };
  }
  if (best === undefined) throw new RangeError(`${label}: no setting to choose from`);
  context.progress.note(
    `${label}: ${JSON.stringify(best.setting)} has the best validation NDCG@20, ${best.metric.toFixed(4)}`,
  );
  return best.fitted;
}
