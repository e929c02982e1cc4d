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
  return splitAtMoments(dataset, times, quantileMoments(times, options));
}

/** Where validation and test begin. */
interface Moments {
  readonly validation: number;
  readonly test: number;
}

/** The moments from which on about the given shares of the times come. */
export function quantileMoments(
  times: Float64Array,
  { validation, test }: { validation: number; test: number },
): Moments {
  const sorted = times.slice().sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const testStart = at(1 - test);
  return { validation: Math.min(at(1 - test - validation), testStart), test: testStart };
}

/** Each interaction by its time. */
export function splitAtMoments(
  { users: userTable, items: itemTable, interactions: { users, items } }: Dataset,
  times: Float64Array,
  { validation, test }: Moments,
): Assignment {
  const parts = Uint8Array.from(times, (time) =>
    time >= test ? PART.test : time >= validation ? PART.validation : PART.train,
  );
  const unseen = (of: Int32Array, size: number) => {
    const cold = new Uint8Array(size).fill(1);
    parts.forEach((part, position) => {
      if (part === PART.train) cold[of[position]] = 0;
    });
    return cold;
  };
  return {
    parts,
    byTime: true,
    coldItems: unseen(items, itemTable.keys.length),
    coldUsers: unseen(users, userTable.keys.length),
  };
}
