import { positionsByUser, type Dataset } from "../dataset.js";
import { PART } from "../split.js";
import { type Assignment, requireTimes } from "./assignment.js";

/**
 * Each user's last `test` interactions are test, the `validation` before them validation. A user with too few
 * interactions to keep one for training stays wholly in training. Interactions of equal time keep the order of the data.
 * Note that other users' later behaviour is visible in training: `global-time` is the split without that leak.
 */
export function splitLeaveLastOut(
  dataset: Dataset,
  options: { validation: number; test: number },
): Assignment {
  const times = requireTimes(dataset, "leave-last-out");
  const parts = new Uint8Array(times.length).fill(PART.train);
  const held = options.validation + options.test;
  for (const positions of positionsByUser(dataset)) {
    if (positions.length <= held) continue;
    positions.sort((a, b) => times[a] - times[b] || a - b);
    const last = positions.subarray(positions.length - held);
    last.forEach((position, rank) => {
      parts[position] = rank < options.validation ? PART.validation : PART.test;
    });
  }
  return { parts, byTime: false };
}
