import { z } from "zod";
import type { CtrRows } from "../../tasks/ctr.js";
import type { Recommender } from "../recommender.js";

const none = z.strictObject({});
type None = z.infer<typeof none>;

/** A uniform probability for each pair, from the seed, the user and the item alone. */
export const randomCtr: Recommender<"ctr", None> = {
  id: "random",
  task: "ctr",
  kind: "control",
  summary: "Probabilities drawn uniformly at random: the floor.",
  options: none,
  seeded: true,
  fit: (_train, _options, { random }) =>
    Promise.resolve({
      answer: (cases) =>
        Promise.resolve(
          Float64Array.from(cases, ({ user, item }) => random.fork(`${user}/${item}`).uniform()),
        ),
    }),
};

/** The share of likes in training, for every pair: AUC 0.5, and the log loss of knowing nothing else. */
export const ctrRate: Recommender<"ctr", None> = {
  id: "ctr-rate",
  task: "ctr",
  kind: "control",
  summary: "The training pairs' share of likes for every pair.",
  options: none,
  seeded: false,
  fit({ rows }) {
    const rate = rateOf(rows);
    return Promise.resolve({ answer: (cases) => Promise.resolve(new Float64Array(cases.length).fill(rate)) });
  },
};

const smoothing = z.strictObject({
  /** Pairs at the average rate that are added to each user and each item. */
  pseudoCount: z.number().positive().default(10),
});

/**
 * logit p = logit(item's rate) + logit(user's rate) - logit(rate of all), each rate with pseudo-counts at the rate of all:
 * what is known without any model. A user or item without training pairs counts as average.
 */
export const itemRate: Recommender<"ctr", z.infer<typeof smoothing>> = {
  id: "item-rate",
  task: "ctr",
  kind: "control",
  summary: "Smoothed share of likes of the item and of the user, joined on the logit scale.",
  options: smoothing,
  seeded: false,
  needsPairs: true,
  fit({ users, items, rows }, { pseudoCount }) {
    const rate = rateOf(rows);
    const ofUser = smoothed(rows.users, rows.labels, users.keys.length, rate, pseudoCount);
    const ofItem = smoothed(rows.items, rows.labels, items.keys.length, rate, pseudoCount);
    return Promise.resolve({
      answer: (cases) =>
        Promise.resolve(
          Float64Array.from(cases, ({ user, item }) => {
            const x = logit(ofUser[user]) + logit(ofItem[item]) - logit(rate);
            return 1 / (1 + Math.exp(-x));
          }),
        ),
    });
  },
};

/** P(rating >= 4 | seen) of the world's truth: the ceiling. */
export const oracleCtr: Recommender<"ctr", None> = {
  id: "oracle",
  task: "ctr",
  kind: "control",
  summary: "The true probability of a like (embedded world only): the ceiling.",
  options: none,
  seeded: false,
  needsTruth: true,
  fit(_train, _options, { truth }) {
    if (truth === undefined) throw new Error("oracle: no truth");
    return Promise.resolve({
      answer(cases) {
        const rows = new Map<number, Float32Array>();
        const rowOf = (user: number) => {
          const row = rows.get(user) ?? truth.likeProbabilities(user);
          rows.set(user, row);
          return row;
        };
        return Promise.resolve(Float32Array.from(cases, ({ user, item }) => rowOf(user)[item]));
      },
    });
  },
};

function rateOf({ labels }: CtrRows): number {
  return labels.reduce((sum, label) => sum + label, 0) / labels.length;
}

function smoothed(
  ids: Int32Array,
  labels: Float32Array,
  size: number,
  rate: number,
  pseudoCount: number,
): Float64Array {
  const likes = new Float64Array(size).fill(pseudoCount * rate);
  const pairs = new Float64Array(size).fill(pseudoCount);
  ids.forEach((id, n) => {
    likes[id] += labels[n];
    pairs[id]++;
  });
  return likes.map((sum, id) => sum / pairs[id]);
}

function logit(p: number): number {
  return Math.log(p / (1 - p));
}
