import { expect, it } from "vitest";
import { meanOverCases } from "../../src/metrics/aggregate.js";

it("leaves cases without a value out of the mean and counts them", () => {
  expect(meanOverCases([1, NaN, 0.5])).toEqual({ mean: 0.75, n: 2, skipped: 1 });
  expect(meanOverCases([1, 10, NaN, 20, 3, 30], 2, 0)).toEqual({ mean: 2, n: 2, skipped: 1 });
  expect(meanOverCases([1, 10, NaN, 20, 3, 30], 2, 1)).toEqual({ mean: 20, n: 3, skipped: 0 });
});

it("has no mean over no case", () => {
  expect(meanOverCases([NaN])).toEqual({ mean: NaN, n: 0, skipped: 1 });
  expect(meanOverCases([])).toEqual({ mean: NaN, n: 0, skipped: 0 });
});
