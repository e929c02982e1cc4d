import { UsageError } from "../../core/errors.js";

/** Dollars per million tokens. No price is built in: they change, and a wrong one would be worse than none. */
export interface Price {
  readonly prompt: number;
  readonly completion: number;
}

/** Dollars of one call. */
export function costOf(price: Price, promptTokens: number, completionTokens: number): number {
  return (price.prompt * promptTokens + price.completion * completionTokens) / 1e6;
}

/** Parses `PROMPT,COMPLETION`: dollars per million tokens, such as `0.15,0.60`. */
export function parsePrice(text: string): Price {
  const parts = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (parts.length !== 2 || parts.some((value) => !(value >= 0) || !Number.isFinite(value))) {
    throw new UsageError("BAD_PRICE", `--price ${text}: expected two prices in dollars per million tokens`, {
      hint: "Prompt first, then completion: --price 0.15,0.60.",
    });
  }
  return { prompt: parts[0], completion: parts[1] };
}
