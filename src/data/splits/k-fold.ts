import { UsageError } from "../../core/errors.js";
import { Random } from "../../core/random.js";
import type { Dataset } from "../dataset.js";
import { PART } from "../split.js";
import type { Assignment } from "./assignment.js";

/**
 * The interactions in k random folds of equal size (to one): fold `fold` (from 1) is test, and a share of the others is
 * validation. With the same seed, the k test parts are disjoint and cover the data.
 */
export function splitKFold(
  dataset: Dataset,
  options: { folds: number; fold: number; validation: number; seed: number },
): Assignment {
  if (options.fold > options.folds) {
    throw new UsageError("BAD_SPLIT_OPTION", `split k-fold: fold ${options.fold} of ${options.folds}`);
  }
  const count = dataset.interactions.users.length;
  const random = Random.fromSeed(options.seed).fork("split/k-fold");
  const order = random.permutation(count);
  const parts = new Uint8Array(count).fill(PART.train);
  const rest: number[] = [];
  order.forEach((position, rank) => {
    if (rank % options.folds === options.fold - 1) parts[position] = PART.test;
    else rest.push(position);
  });
  rest
    .slice(0, Math.round(options.validation * rest.length))
    .forEach((position) => (parts[position] = PART.validation));
  return { parts, byTime: false };
}
