import type { History, Platform } from "../../../src/data/world/histories.js";
import { drawHistory } from "../../../src/data/world/histories.js";
import { makePlatform } from "../../../src/data/world/platform.js";

/** The small platform, made once for a test file. */
export const small: Platform = makePlatform({ size: "small", seed: 1 });

/** Users whose histories the statistics are taken over. */
export const USERS = 800;

export const histories: readonly History[] = Array.from({ length: USERS }, (_, user) =>
  drawHistory(small, user),
);

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let n = 0; n < values.length; n++) sum += values[n];
  return sum / values.length;
}

export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let n = 0; n < a.length; n++) {
    ab += (a[n] - meanA) * (b[n] - meanB);
    aa += (a[n] - meanA) ** 2;
    bb += (b[n] - meanB) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
