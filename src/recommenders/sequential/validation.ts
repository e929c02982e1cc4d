import { TopK } from "../../metrics/ranking/top-k.js";
import { ListEvaluator } from "../../metrics/ranking/list.js";
import type { ControlledListTraining } from "../../tasks/controlled-list.js";
import type { SequenceScores } from "./scorer.js";

const K = 10;
const BLOCK_SCORES = 4 * 1024 * 1024;

/** Mean NDCG@10 of the validation windows' future items, full ranking without the items liked before. */
export async function validationNdcg(
  { validation, items }: ControlledListTraining,
  score: SequenceScores,
  signal: AbortSignal,
): Promise<number> {
  const width = items.keys.length;
  const windows = validation.toArray();
  const blockSize = Math.max(1, Math.floor(BLOCK_SCORES / width));
  const evaluator = new ListEvaluator([K]);
  const ndcg = evaluator.names.indexOf(`ndcg@${K}`);
  const best = new TopK(K);
  let sum = 0;
  for (let from = 0; from < windows.length; from += blockSize) {
    const block = windows.slice(from, from + blockSize);
    const scores = await score(block, signal);
    block.forEach(({ past, future, user }, row) => {
      const own = scores.subarray(row * width, (row + 1) * width);
      best.select(own, { excluded: ascending(past) }, `validation, user number ${user}`);
      const { values } = evaluator.evaluate(best.items.subarray(0, best.size), ascending(future));
      sum += values[ndcg];
    });
  }
  return sum / windows.length;
}

function ascending(items: Int32Array): Int32Array {
  return Int32Array.from(new Set(items)).sort();
}
