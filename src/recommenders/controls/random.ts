import { z } from "zod";
import { Pace } from "../../core/pace.js";
import type { Recommender } from "../recommender.js";

const options = z.strictObject({});

/**
 * Uniform scores: the floor of every table. A user's scores depend on the seed and the user's number alone, not on the
 * block in which it is asked for. Cold and warm items are treated alike.
 */
export const random: Recommender<"cold-start", z.infer<typeof options>> = {
  id: "random",
  task: "cold-start",
  kind: "control",
  summary: "Scores drawn uniformly at random: the floor.",
  options,
  seeded: true,
  fit(train, _options, context) {
    const items = train.items.keys.length;
    const root = context.random.fork("scores");
    return Promise.resolve({
      async answer(cases, { signal }) {
        const pace = new Pace(signal);
        const scores = new Float32Array(cases.length * items);
        for (let row = 0; row < cases.length; row++) {
          const draws = root.fork(cases[row].user);
          for (let at = row * items; at < (row + 1) * items; at++) scores[at] = draws.uint32() / 4294967296;
          if (pace.due()) await pace.breathe();
        }
        return scores;
      },
    });
  },
};
