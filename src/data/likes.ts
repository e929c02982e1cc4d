import { UsageError } from "../core/errors.js";
import type { Dataset } from "./dataset.js";

/**
 * The value from which an interaction counts as liked, where none is given: 1 for values of 0 and 1 (clicks), 4 for
 * ratings up to 5, 6 for ratings up to 10 ("above 5", as TALLRec has it for Book-Crossing).
 * @returns null where the data have no values: every interaction is then a like.
 * @throws UsageError NO_THRESHOLD for values of another kind (counts, hours).
 */
export function likeThreshold(
  { name, interactions }: Pick<Dataset, "name" | "interactions">,
  given?: number,
): number | null {
  const { values } = interactions;
  if (values === null) return null;
  if (given !== undefined) return given;
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low >= 0 && high <= 1) return 1;
  if (low >= 0 && high <= 5) return 4;
  if (low >= 0 && high <= 10) return 6;
  throw new UsageError(
    "NO_THRESHOLD",
    `the values of ${name} go from ${low} to ${high}: it isn't clear which of them are likes`,
    { hint: "Say from which value on: --set task.threshold=N." },
  );
}

/** 1 for each interaction whose value reaches the threshold; all 1 for the threshold null. */
export function labelsOf(
  { interactions: { users, values } }: Pick<Dataset, "interactions">,
  threshold: number | null,
): Float32Array {
  if (values === null || threshold === null) return new Float32Array(users.length).fill(1);
  return Float32Array.from(values, (value) => (value >= threshold ? 1 : 0));
}
