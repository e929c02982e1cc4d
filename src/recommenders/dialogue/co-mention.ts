import { z } from "zod";
import type { ConversationTraining } from "../../tasks/conversation.js";
import type { Recommender } from "../recommender.js";
import { scoreRows } from "./score-rows.js";
import { chooseSetting, type ScoreCases } from "./validation.js";

const options = z.strictObject({
  /** How many recommendations at the average rate are added to what followed each item; of several the best on validation. */
  smoothing: z.array(z.number().positive()).min(1).default([2, 10, 50]),
});

/**
 * Item to item by what was recommended after an item was named: P(j | i) = (n_ij + m p_j) / (n_i + m), n_ij training
 * recommendations of j with i named before, n_i = sum over j of n_ij, p_j the share of j among all recommendations (one added
 * to each count), m the smoothing. A case's score is the mean over the items named, p_j where none is.
 */
export const coMention: Recommender<"conversation", z.infer<typeof options>> = {
  id: "co-mention",
  task: "conversation",
  kind: "classic",
  summary: "What was recommended after the items named, smoothed by popularity (item to item).",
  options,
  seeded: false,
  async fit(train, { smoothing }, context) {
    const score = coMentionScores(train, context.signal);
    const m = await chooseSetting("co-mention", smoothing, train, score, context);
    return { answer: score(m) };
  },
};

/** Scores for a smoothing. */
export function coMentionScores(
  { items, candidates, samples }: ConversationTraining,
  signal: AbortSignal,
): (smoothing: number) => ScoreCases {
  const width = items.keys.length;
  const share = new Float64Array(width);
  for (const item of candidates) share[item] = 1;
  for (const { target } of samples) share[target]++;
  const total = share.reduce((sum, count) => sum + count, 0);
  share.forEach((count, item) => (share[item] = count / total));
  const after = new Map<number, Map<number, number>>();
  for (const { mentioned, target } of samples) {
    for (const item of mentioned) {
      let row = after.get(item);
      if (row === undefined) after.set(item, (row = new Map<number, number>()));
      row.set(target, (row.get(target) ?? 0) + 1);
    }
  }
  return (m) => (cases) =>
    scoreRows(cases, width, signal, ({ mentioned }, row) => {
      const sums = new Float64Array(width);
      let popular = 0;
      for (const item of mentioned) {
        const followers = after.get(item) ?? new Map<number, number>();
        let seen = 0;
        for (const count of followers.values()) seen += count;
        popular += m / (seen + m);
        for (const [follower, count] of followers) sums[follower] += count / (seen + m);
      }
      const n = mentioned.length;
      for (let item = 0; item < width; item++)
        row[item] = n === 0 ? share[item] : (sums[item] + popular * share[item]) / n;
    });
}
