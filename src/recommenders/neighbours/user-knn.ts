import { z } from "zod";
import type { Recommender } from "../recommender.js";
import { cosineNeighbours } from "./similarity.js";
import { sparseScores } from "./sparse-scores.js";

const options = z.strictObject({
  /** Neighbours kept for each user. */
  k: z.int().min(1).default(100),
  /** Added to the product of the norms. */
  shrink: z.number().min(0).default(0),
});

/**
 * User-based nearest neighbours on the binary training matrix:
 * `score(u, i) = sum over the k nearest users v of u who have i of sim(u, v)`, with
 * `sim(u, v) = |I_u and I_v| / (sqrt(|I_u| |I_v|) + shrink)`. A cold item has no users: its score is 0, and all cold items
 * tie.
 */
export const userKnn: Recommender<"cold-start", z.infer<typeof options>> = {
  id: "user-knn",
  task: "cold-start",
  kind: "classic",
  summary: "User-based nearest neighbours by cosine (Resnick and others, CSCW 1994; Aiolli, RecSys 2013).",
  options,
  seeded: false,
  async fit({ matrix }, { k, shrink }, context) {
    const label = "user-knn: similarities";
    const neighbours = await cosineNeighbours(matrix, { k, shrink, label }, context);
    return { answer: (cases, { signal }) => sparseScores(neighbours, matrix, cases, signal) };
  },
};
