import { Pace } from "../../core/pace.js";
import { TopK } from "../../metrics/ranking/top-k.js";
import type { ControlledListCase } from "../../tasks/controlled-list.js";
import type { Fitted, RunContext } from "../recommender.js";

/** What a score depends on: who asks, and what was liked, oldest first. */
export type SequenceQuery = Pick<ControlledListCase, "user" | "history">;

/**
 * Scores of all items after each history: [cases, items], row-major, all finite. Items liked before are scored like any
 * other; whoever makes a list of the scores leaves them out.
 */
export type SequenceScores = (
  queries: readonly SequenceQuery[],
  signal: AbortSignal,
) => Promise<Float32Array>;

/** A recommender that scores every item, so that lists can be made of its scores in other ways as well (re-rankers). */
export interface ScoringFitted extends Fitted<"controlled-list"> {
  readonly score: SequenceScores;
}

/**
 * Lists of the best scored items, without those in `seen`; equal scores by lower item number. A wish for genres changes
 * nothing.
 * @param items - how many items there are.
 */
export function listsOfBest(items: number, score: SequenceScores): ScoringFitted {
  return {
    score,
    async answer(cases, { signal }: RunContext) {
      const scores = await score(cases, signal);
      const pace = new Pace(signal);
      const lists: Int32Array[] = [];
      for (const [row, { seen, length, user }] of cases.entries()) {
        const best = new TopK(length);
        best.select(
          scores.subarray(row * items, (row + 1) * items),
          { excluded: seen },
          `user number ${user}`,
        );
        lists.push(best.items.slice(0, best.size));
        if (pace.due()) await pace.breathe();
      }
      return lists;
    },
  };
}

/** Scores made row by row. */
export function scoreRows(
  items: number,
  fill: (query: SequenceQuery, row: Float32Array) => void,
): SequenceScores {
  return async (queries, signal) => {
    const pace = new Pace(signal);
    const scores = new Float32Array(queries.length * items);
    for (const [row, query] of queries.entries()) {
      fill(query, scores.subarray(row * items, (row + 1) * items));
      if (pace.due()) await pace.breathe();
    }
    return scores;
  };
}
