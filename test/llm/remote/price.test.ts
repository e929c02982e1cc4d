import { expect, it } from "vitest";
import { costOf, parsePrice } from "../../../src/llm/remote/price.js";

it("prices are dollars per million tokens", () => {
  expect(parsePrice("0.15, 0.6")).toEqual({ prompt: 0.15, completion: 0.6 });
  expect(costOf({ prompt: 0.15, completion: 0.6 }, 1_000_000, 500_000)).toBeCloseTo(0.45, 12);
  for (const text of ["", "1", "1,2,3", "1,-2", "a,b", "1,", "1,Infinity"]) {
    expect(() => parsePrice(text)).toThrow("expected two prices");
  }
});
