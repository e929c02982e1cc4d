import { MISSING } from "./view.js";

/**
 * Decimals for a column of figures: 4 where all are below 10 in size, 2 below 1,000, else 0, so that a column of
 * probabilities and one of counts both read well. Values that are not finite do not count.
 */
export function decimalsFor(values: readonly number[]): number {
  const size = Math.max(0, ...values.filter(Number.isFinite).map(Math.abs));
  if (size < 10) return 4;
  return size < 1000 ? 2 : 0;
}

/** A number with fixed decimals and no negative zero; {@link MISSING} where it is not finite. */
export function fixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return MISSING;
  const text = value.toFixed(decimals);
  return Number(text) === 0 && text.startsWith("-") ? text.slice(1) : text;
}

/** {@link fixed} with its sign always written; a difference that rounds to nothing has none. */
export function signed(value: number, decimals: number): string {
  const text = fixed(value, decimals);
  return Number(text) > 0 ? `+${text}` : text;
}

/** Seconds in about three digits: 0.034, 5.20, 41.2, 1,234; below a millisecond "<0.001". */
export function seconds(value: number): string {
  if (!Number.isFinite(value)) return MISSING;
  if (value > 0 && value < 0.001) return "<0.001";
  if (value < 1) return value.toFixed(3);
  if (value < 10) return value.toFixed(2);
  return value < 100 ? value.toFixed(1) : integer(value);
}

/** A whole number with commas at the thousands. */
export function integer(value: number): string {
  if (!Number.isFinite(value)) return MISSING;
  return Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

/** Dollars: two decimals from one cent up, else two digits that count; zero is 0.00. */
export function dollars(value: number): string {
  if (!Number.isFinite(value)) return MISSING;
  if (value === 0 || value >= 0.01) return value.toFixed(2);
  return value >= 0.0001 ? value.toFixed(4) : value.toExponential(1);
}
