import { fixed } from "./numbers.js";

export type Better = "higher" | "lower" | null;
export type Mark = "best" | "second" | undefined;

/** True where `a` is better than `b`; false where the metric has no direction or either is no number. */
export function isBetter(a: number, b: number, better: Better): boolean {
  if (better === null) return false;
  return better === "higher" ? a > b : a < b;
}

/**
 * Which values of a column are the best and the second. Values are compared **as printed**, so that two equal figures
 * never carry different marks: ties for best are all best, ties for second all second. Only eligible, finite values
 * compete (controls do not); with fewer than two of them, or in a metric without a direction, nothing is marked.
 */
export function rankMarks(
  values: readonly number[],
  eligible: readonly boolean[],
  better: Better,
  decimals: number,
): Mark[] {
  const competing = values.map((value, at) => eligible[at] && Number.isFinite(value));
  const printed = values.map((value) => Number(fixed(value, decimals)));
  const levels = [...new Set(printed.filter((_value, at) => competing[at]))];
  levels.sort((a, b) => (better === "lower" ? a - b : b - a));
  if (better === null || competing.filter(Boolean).length < 2) return values.map(() => undefined);
  return printed.map((value, at) => {
    if (!competing[at]) return undefined;
    if (value === levels[0]) return "best";
    return value === levels[1] ? "second" : undefined;
  });
}
