import { Random } from "../../core/random.js";
import { positionsByUser, type Dataset } from "../dataset.js";
import { PART } from "../split.js";
import type { Assignment } from "./assignment.js";

/**
 * Random shares of each user's interactions: `round(test * n)` test and `round(validation * n)` validation interactions
 * of a user with n, the rest training. A user keeps at least one training interaction. Where nobody knows whose impressions
 * they are, the shares are of all of them.
 */
export function splitRatio(
  dataset: Dataset,
  options: { validation: number; test: number; seed: number },
): Assignment {
  const random = Random.fromSeed(options.seed).fork("split/ratio");
  const parts = new Uint8Array(dataset.interactions.users.length).fill(PART.train);
  const groups =
    dataset.interactions.impressions?.hasUsers === false
      ? [Int32Array.from(parts.keys())]
      : positionsByUser(dataset);
  for (const positions of groups) {
    random.shuffle(positions);
    const test = Math.min(Math.round(options.test * positions.length), Math.max(0, positions.length - 1));
    const validation = Math.min(
      Math.round(options.validation * positions.length),
      Math.max(0, positions.length - test - 1),
    );
    positions.forEach((position, rank) => {
      if (rank < test) parts[position] = PART.test;
      else if (rank < test + validation) parts[position] = PART.validation;
    });
  }
  return { parts, byTime: false };
}
