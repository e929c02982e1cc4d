import type { Dataset } from "../dataset.js";
import { PART } from "../split.js";
import { type Assignment, requireTimes } from "./assignment.js";

/**
 * One moment divides training from validation and another validation from test, for all users alike. The moments are
 * quantiles of the interaction times, so that about the given shares come after them; interactions of the same second
 * are never divided. Items and users first seen after the training part are cold by consequence, and are marked so.
 */
export function splitGlobalTime(dataset: Dataset, options: { validation: number; test: number }): Assignment {
  const times = requireTimes(dataset, "global-time");
  const sorted = times.slice().sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const testStart = at(1 - options.test);
  const validationStart = Math.min(at(1 - options.test - options.validation), testStart);
  const parts = Uint8Array.from(times, (time) =>
    time >= testStart ? PART.test : time >= validationStart ? PART.validation : PART.train,
  );
  const unseen = (of: Int32Array, size: number) => {
    const cold = new Uint8Array(size).fill(1);
    parts.forEach((part, position) => {
      if (part === PART.train) cold[of[position]] = 0;
    });
    return cold;
  };
  const { users, items } = dataset.interactions;
  return {
    parts,
    byTime: true,
    coldItems: unseen(items, dataset.items.keys.length),
    coldUsers: unseen(users, dataset.users.keys.length),
  };
}
