import { DataError } from "../../core/errors.js";
import { type Dataset, positionsByUser } from "../dataset.js";
import { labelsOf, likeThreshold } from "../likes.js";
import { type Assignment, requireTimes } from "./assignment.js";
import { quantileMoments, splitAtMoments } from "./global-time.js";

export interface WindowSplitOptions {
  history: number;
  future: number;
  validation: number;
  test: number;
  threshold?: number;
}

/**
 * DLCRec's division (WSDM 2025, its code's notebooks) made free of leaks. All windows of `history` + `future` consecutive
 * likes of a user are sorted by the time of their first future item; the last `test` share of them begins at one
 * moment, the `validation` share before it at another. Those two moments divide all interactions, as `global-time`
 * does, so that a window across a moment belongs to no part. (The published files divide the windows alone: their
 * training windows hold interactions that are test targets.)
 * @throws DataError NO_WINDOWS where no user has enough likes.
 */
export function splitWindows(dataset: Dataset, options: WindowSplitOptions): Assignment {
  const { history, future, threshold } = options;
  const times = requireTimes(dataset, "windows");
  const liked = labelsOf(dataset, likeThreshold(dataset, threshold));
  const starts: number[] = [];
  for (const positions of positionsByUser(dataset)) {
    const sequence = positions.filter((p) => liked[p] === 1).sort((a, b) => times[a] - times[b] || a - b);
    for (let first = history; first + future <= sequence.length; first++) starts.push(times[sequence[first]]);
  }
  if (starts.length === 0) {
    throw new DataError("NO_WINDOWS", `no user of ${dataset.name} has ${history} + ${future} likes`, {
      hint: "Make the windows shorter with --set split.history=N and --set split.future=N.",
    });
  }
  return splitAtMoments(dataset, times, quantileMoments(Float64Array.from(starts), options));
}
