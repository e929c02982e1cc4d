import { z } from "zod";
import { Pace } from "../../core/pace.js";
import type { Recommender } from "../recommender.js";

const options = z.strictObject({});

/**
 * The ceiling: ranks by the truth of the embedded world, the share of each film in what the user is expected to see in
 * the test period (docs/world.md). No ranking of future interactions can be better on average, for there is nothing else
 * to know. Exists only where the truth does.
 */
export const oracle: Recommender<"cold-start", z.infer<typeof options>> = {
  id: "oracle",
  task: "cold-start",
  kind: "control",
  summary: "Ranks by the true model that drew the data: the ceiling (embedded world only).",
  options,
  seeded: false,
  needsTruth: true,
  fit({ items }, _options, { truth }) {
    if (truth === undefined) throw new Error("oracle: no truth");
    const width = items.keys.length;
    return Promise.resolve({
      async answer(cases, { signal }) {
        const pace = new Pace(signal);
        const scores = new Float32Array(cases.length * width);
        for (let row = 0; row < cases.length; row++) {
          scores.set(truth.exposures(cases[row].user), row * width);
          if (pace.due()) await pace.breathe();
        }
        return scores;
      },
    });
  },
};
