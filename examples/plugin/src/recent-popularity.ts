import { z, type Recommender } from "llmrec-bench";

const options = z.strictObject({
  /** Days after which an interaction counts half. */
  halfLife: z.number().positive().default(30),
});

/** Popularity in which the newest interactions count most. Cold items have no interactions: all of them tie at 0. */
export const recentPopularity: Recommender<"cold-start", z.infer<typeof options>> = {
  id: "recent-popularity",
  task: "cold-start",
  kind: "classic",
  summary: "Popularity with exponential decay.",
  options,
  seeded: false,
  fit({ items, interactions }, { halfLife }) {
    const scores = new Float32Array(items.keys.length);
    const times = interactions.times ?? new Float64Array(interactions.items.length);
    const now = times.reduce((latest, time) => Math.max(latest, time), 0);
    interactions.items.forEach((item, n) => {
      scores[item] += 0.5 ** ((now - times[n]) / (halfLife * 86_400));
    });
    return Promise.resolve({
      // A block of scores [cases, items]: everyone gets the same.
      answer: (cases) => {
        const block = new Float32Array(cases.length * scores.length);
        cases.forEach((_, row) => {
          block.set(scores, row * scores.length);
        });
        return Promise.resolve(block);
      },
    });
  },
};
