import { z } from "zod";
import type { Recommender } from "../recommender.js";

const options = z.strictObject({});

/**
 * The same order for everyone: the number of users who interacted with the item in training. A cold item's score is 0,
 * below every warm item, so all cold items tie.
 */
export const popularity: Recommender<"cold-start", z.infer<typeof options>> = {
  id: "popularity",
  task: "cold-start",
  kind: "control",
  summary: "Number of training users of each item, the same for everyone.",
  options,
  seeded: false,
  fit({ matrix }) {
    const counts = new Float32Array(matrix.columns);
    for (const item of matrix.indices) counts[item]++;
    return Promise.resolve({
      answer(cases) {
        const scores = new Float32Array(cases.length * counts.length);
        for (let row = 0; row < cases.length; row++) scores.set(counts, row * counts.length);
        return Promise.resolve(scores);
      },
    });
  },
};
