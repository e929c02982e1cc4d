import { CaseRanker } from "../../metrics/ranking/rank.js";
import type { ConversationCase, ConversationTraining } from "../../tasks/conversation.js";
import type { RunContext } from "../recommender.js";

const K = 10;
const BLOCK = 256;

/** Scores [cases, items]. */
export type ScoreCases = (cases: readonly ConversationCase[]) => Promise<Float32Array>;

/**
 * Mean NDCG@10 on the validation dialogues as the task's setting `new` has it: targets not named before, what was named
 * not ranked.
 * @returns undefined where there is no such target.
 */
export function conversationNdcg({
  items,
  candidates,
  validation,
}: ConversationTraining): ((score: ScoreCases) => Promise<number>) | undefined {
  // The target goes no further than this function.
  const cases = validation
    .filter(({ target, mentioned }) => !mentioned.includes(target))
    .map(({ target, ...asked }) => ({ target, asked }));
  if (cases.length === 0) return undefined;
  const ranker = new CaseRanker([K]);
  const ndcg = ranker.names.indexOf(`ndcg@${K}`);
  const width = items.keys.length;
  return async (score) => {
    let sum = 0;
    for (let from = 0; from < cases.length; from += BLOCK) {
      const block = cases.slice(from, from + BLOCK);
      const scores = await score(block.map(({ asked }) => asked));
      block.forEach(({ target, asked: { mentioned, name } }, n) => {
        ranker.rank(scores.subarray(n * width, (n + 1) * width), {
          candidates,
          excluded: Int32Array.from(mentioned).sort(),
          relevant: Int32Array.of(target),
          caseName: `validation, ${name}`,
        });
        sum += ranker.values[ndcg];
      });
    }
    return sum / cases.length;
  };
}

/**
 * The setting of best validation NDCG@10, the first of equal ones; the first where there is nothing to choose by.
 * @param score - what a setting would answer.
 */
export async function chooseSetting<S>(
  label: string,
  settings: readonly S[],
  train: ConversationTraining,
  score: (setting: S) => ScoreCases,
  { progress }: Pick<RunContext, "progress">,
): Promise<S> {
  const ndcg = settings.length > 1 ? conversationNdcg(train) : undefined;
  if (ndcg === undefined) return settings[0];
  let [best, bestMetric] = [settings[0], -Infinity];
  for (const setting of settings) {
    const metric = await ndcg(score(setting));
    if (metric > bestMetric) [best, bestMetric] = [setting, metric];
  }
  progress.note(
    `${label}: ${JSON.stringify(best)} has the best validation NDCG@10, ${bestMetric.toFixed(4)}`,
  );
  return best;
}
