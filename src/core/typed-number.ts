import { UsageError } from "./errors.js";

/**
 * A number that was typed.
 * @throws UsageError for what is no number, or lies outside the limits.
 */
export function numberBetween(name: string, typed: string, least: number, most: number): number {
  const value = Number(typed);
  if (typed.trim() !== "" && value >= least && value <= most) return value;
  throw new UsageError("BAD_FLAGS", `${name} must be a number from ${least} to ${most}, found "${typed}"`);
}
