import { z } from "zod";
import { transposeCsr } from "../../data/csr.js";
import type { Recommender } from "../recommender.js";
import { cosineNeighbours } from "./similarity.js";
import { sparseScores } from "./sparse-scores.js";

const options = z.strictObject({
  /** Neighbours kept for each item. */
  k: z.int().min(1).default(100),
  /** Added to the product of the norms. */
  shrink: z.number().min(0).default(10),
  /** Whose neighbours count: the candidate's (RecBole) or those of the user's items (`implicit`). */
  neighboursOf: z.enum(["candidate", "history"]).default("candidate"),
});

/**
 * Item-based nearest neighbours on the binary training matrix:
 * `score(u, i) = sum over the user's items j of sim(i, j)`, where `sim(i, j) = |U_i and U_j| / (sqrt(|U_i| |U_j|) + shrink)`
 * counts only if j is one of i's k nearest (`candidate`) or i is one of j's k nearest (`history`). A cold item has no
 * users, hence no neighbours: its score is 0, and all cold items tie.
 */
export const itemKnn: Recommender<"cold-start", z.infer<typeof options>> = {
  id: "item-knn",
  task: "cold-start",
  kind: "classic",
  summary: "Item-based nearest neighbours by cosine (Deshpande and Karypis, TOIS 2004; Aiolli, RecSys 2013).",
  options,
  seeded: false,
  async fit({ matrix }, { k, shrink, neighboursOf }, context) {
    const label = "item-knn: similarities";
    const neighbours = await cosineNeighbours(transposeCsr(matrix), { k, shrink, label }, context);
    const weights = neighboursOf === "candidate" ? transposeCsr(neighbours) : neighbours;
    return { answer: (cases, { signal }) => sparseScores(matrix, weights, cases, signal) };
  },
};
