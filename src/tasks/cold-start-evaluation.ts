import { throwIfInterrupted } from "../core/errors.js";
import { rowIndices } from "../data/csr.js";
import { CaseRanker } from "../metrics/ranking/rank.js";
import type { ColdStartCase, ScoreBlock } from "./cold-start.js";
import { COLD_START_SETTINGS, type ColdStartProtocol, type ColdStartSetting } from "./cold-start-protocol.js";
import type { Evaluation } from "./evaluation.js";
import type { EvaluationContext } from "./task.js";

/** Scores of a block are at most so many numbers (64 MiB). */
const BLOCK_SCORES = 16 * 1024 * 1024;

/**
 * Asks a recommender for the scores of all cases, block by block, and ranks each case in the settings that apply to it:
 * cold and warm where the user has test items of that kind, overall where it has both.
 * @param ks - cut-offs, ascending; lists are kept at the largest.
 * @returns metrics named `recall@20/cold`, each [cases].
 * @throws DataError NOT_FINITE where a candidate's score is not finite, BAD_ANSWER where a block has a wrong size.
 */
export async function evaluateColdStart(
  protocol: ColdStartProtocol,
  ks: readonly number[],
  answer: (cases: readonly ColdStartCase[]) => Promise<ScoreBlock>,
  { progress, signal, label }: EvaluationContext,
): Promise<Evaluation> {
  const { cases, training, candidates, relevant, known } = protocol;
  const itemCount = training.items.keys.length;
  const depth = Math.max(...ks);
  const ranker = new CaseRanker(ks);
  const values: Record<string, Float64Array> = {};
  const lists: Record<string, { k: number; items: Int32Array }> = {};
  for (const setting of COLD_START_SETTINGS) {
    for (const name of ranker.names) values[`${name}/${setting}`] = new Float64Array(cases.length).fill(NaN);
    lists[setting] = { k: depth, items: new Int32Array(cases.length * depth).fill(-1) };
  }

  const blockSize = Math.max(1, Math.floor(BLOCK_SCORES / itemCount));
  const step = progress.start(`${label}: ranking users`, cases.length);
  for (let from = 0; from < cases.length; from += blockSize) {
    throwIfInterrupted(signal);
    const block = cases.slice(from, from + blockSize);
    const scores = await answer(block);
    if (scores.length !== block.length * itemCount) {
      throw new RangeError(
        `${label} answered ${scores.length} scores for ${block.length} users x ${itemCount} items`,
      );
    }
    block.forEach(({ user }, index) => {
      const row = scores.subarray(index * itemCount, (index + 1) * itemCount);
      for (const setting of settingsOf(protocol, user)) {
        const position = from + index;
        ranker.rank(row, {
          candidates: candidates[setting],
          excluded: rowIndices(known, user),
          relevant: rowIndices(relevant[setting], user),
          caseName: `${label}, user ${training.users.keys[user]}`,
        });
        ranker.names.forEach((name, m) => (values[`${name}/${setting}`][position] = ranker.values[m]));
        lists[setting].items.set(ranker.top.subarray(0, ranker.topCount), position * depth);
      }
    });
    step.update(Math.min(cases.length, from + blockSize));
  }
  step.end();
  return { cases: cases.map(({ user }) => training.users.keys[user]), values, lists };
}

function settingsOf({ relevant }: ColdStartProtocol, user: number): ColdStartSetting[] {
  const cold = rowIndices(relevant.cold, user).length > 0;
  const warm = rowIndices(relevant.warm, user).length > 0;
  if (cold && warm) return ["cold", "warm", "overall"];
  return cold ? ["cold"] : ["warm"];
}
