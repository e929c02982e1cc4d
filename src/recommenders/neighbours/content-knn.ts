import { z } from "zod";
import { type Csr, transposeCsr } from "../../data/csr.js";
import { itemText } from "../../data/dataset.js";
import { Pace } from "../../core/pace.js";
import type { ColdStartCase, ScoreBlock } from "../../tasks/cold-start.js";
import type { Recommender } from "../recommender.js";
import { cosineNeighbours } from "./similarity.js";
import { sparseScores } from "./sparse-scores.js";
import { tfidf } from "./tfidf.js";

const options = z.strictObject({
  /** Neighbours kept for each candidate among the items that have training interactions; 0 keeps all. */
  k: z.int().min(0).default(100),
});

/**
 * Nearest neighbours by item text, the classic answer to cold items:
 * `score(u, i) = sum over the user's training items j of cos(text_i, text_j)`, where the k warm items nearest to i count
 * (k = 0: all of them). Text is {@link itemText} of warm and cold items alike, weighted by TF-IDF. An item without words
 * scores 0, and so does an item that shares no word with the user's items.
 */
export const contentKnn: Recommender<"cold-start", z.infer<typeof options>> = {
  id: "content-knn",
  task: "cold-start",
  kind: "classic",
  summary: "Nearest neighbours by TF-IDF cosine of the items' text (Lops, de Gemmis and Semeraro, 2011).",
  options,
  seeded: false,
  async fit({ items, matrix, coldItems }, { k }, context) {
    const vectors = tfidf(items.keys.map((_, item) => itemText(items, item)));
    if (k === 0) {
      const postings = transposeCsr(vectors);
      return {
        answer: (cases, { signal }) => profileScores(matrix, vectors, postings, cases, signal),
      };
    }
    const neighbours = await cosineNeighbours(
      vectors,
      { k, shrink: 0, eligible: coldItems.map((cold) => 1 - cold), label: "content-knn: similarities" },
      context,
    );
    const weights = transposeCsr(neighbours);
    return { answer: (cases, { signal }) => sparseScores(matrix, weights, cases, signal) };
  },
};

/** With all neighbours the sum of cosines is one product: the sum of the items' vectors with the candidate's. */
async function profileScores(
  matrix: Csr,
  vectors: Csr,
  postings: Csr,
  cases: readonly ColdStartCase[],
  signal: AbortSignal,
): Promise<ScoreBlock> {
  const items = vectors.rows;
  const scores = new Float32Array(cases.length * items);
  const sums = new Float64Array(items);
  const profile = new Float64Array(vectors.columns);
  const touched = new Int32Array(vectors.columns);
  const pace = new Pace(signal);
  for (let row = 0; row < cases.length; row++) {
    const { user } = cases[row];
    let words = 0;
    for (let at = matrix.offsets[user]; at < matrix.offsets[user + 1]; at++) {
      const item = matrix.indices[at];
      for (let to = vectors.offsets[item]; to < vectors.offsets[item + 1]; to++) {
        const word = vectors.indices[to];
        if (profile[word] === 0) touched[words++] = word;
        profile[word] += vectors.values[to];
      }
    }
    sums.fill(0);
    for (let n = 0; n < words; n++) {
      const word = touched[n];
      const weight = profile[word];
      profile[word] = 0;
      for (let at = postings.offsets[word]; at < postings.offsets[word + 1]; at++) {
        sums[postings.indices[at]] += weight * postings.values[at];
      }
    }
    scores.set(sums, row * items);
    if (pace.due()) await pace.breathe();
  }
  return scores;
}
