import { z } from "zod";
import type { Recommender } from "../recommender.js";
import { scoreRows } from "./score-rows.js";

const none = z.strictObject({});
type None = z.infer<typeof none>;

/** Uniform scores that depend on the seed and the case's name alone: the floor. */
export const randomConversation: Recommender<"conversation", None> = {
  id: "random",
  task: "conversation",
  kind: "control",
  summary: "Scores drawn uniformly at random: the floor.",
  options: none,
  seeded: true,
  fit: ({ items }, _options, { random }) =>
    Promise.resolve({
      answer: (cases, { signal }) =>
        scoreRows(cases, items.keys.length, signal, ({ name }, row) => {
          const draws = random.fork(name);
          for (let item = 0; item < row.length; item++) row[item] = draws.uint32() / 4294967296;
        }),
    }),
};

/** The same order for every dialogue: how often each item was recommended in training. */
export const popularityConversation: Recommender<"conversation", None> = {
  id: "popularity",
  task: "conversation",
  kind: "control",
  summary: "How often each item was recommended in the training dialogues, the same for everyone.",
  options: none,
  seeded: false,
  fit({ items, samples }) {
    const counts = new Float32Array(items.keys.length);
    for (const { target } of samples) counts[target]++;
    return Promise.resolve({
      answer: (cases, { signal }) =>
        scoreRows(cases, counts.length, signal, (_case, row) => {
          row.set(counts);
        }),
    });
  },
};

const recency = z.strictObject({
  /** Days after which a recommendation counts half. */
  halfLife: z.number().positive().default(60),
});

/**
 * Popularity that fades: a training recommendation of age a at the time of the case counts `2^(-a / half-life)`. Where the
 * dialogues have no times, their order in the data stands for it, a day a dialogue.
 */
export const recentPopularity: Recommender<"conversation", z.infer<typeof recency>> = {
  id: "recent-popularity",
  task: "conversation",
  kind: "control",
  summary: "How often each item was recommended in the training dialogues, older ones counting less.",
  options: recency,
  seeded: false,
  fit({ items, samples }, { halfLife }) {
    const day = 86_400;
    const momentOf = (time: number, dialogue: number) => (Number.isFinite(time) ? time / day : dialogue);
    const latest = samples.reduce(
      (last, { time, dialogue }) => Math.max(last, momentOf(time, dialogue)),
      -Infinity,
    );
    // Ages are all counted from one moment: a later case scales every score by the same factor.
    const counts = new Float32Array(items.keys.length);
    for (const { target, time, dialogue } of samples)
      counts[target] += 2 ** (-(latest - momentOf(time, dialogue)) / halfLife);
    return Promise.resolve({
      answer: (cases, { signal }) =>
        scoreRows(cases, counts.length, signal, (_case, row) => {
          row.set(counts);
        }),
    });
  },
};

/**
 * The ceiling: the distribution from which the embedded world drew the recommendation, knowing the seeker's taste and what
 * is not said.
 */
export const oracleConversation: Recommender<"conversation", None> = {
  id: "oracle",
  task: "conversation",
  kind: "control",
  summary: "Ranks by the true model that drew the dialogues: the ceiling (embedded world only).",
  options: none,
  seeded: false,
  needsTruth: true,
  fit({ items }, _options, { truth }) {
    if (truth === undefined) throw new Error("oracle: no truth");
    return Promise.resolve({
      answer: (cases, { signal }) =>
        scoreRows(cases, items.keys.length, signal, ({ dialogue }, row) => {
          // What can't be recommended has log-probability -Infinity; scores must be finite.
          row.set(truth.dialogueTarget(dialogue).map((logit) => Math.max(logit, -1e30)));
        }),
    });
  },
};
