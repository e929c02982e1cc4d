import { describe, expect, it } from "vitest";
import { popularityDistance } from "../../../src/metrics/lists/popularity-distance.js";

describe("popularityDistance", () => {
  it("is 0 for equal shares whatever the totals, and 1 in total variation for disjoint ones", () => {
    expect(popularityDistance([2, 4, 0], [1, 2, 0]).totalVariation).toBeCloseTo(0, 12);
    expect(popularityDistance([0, 0, 5], [1, 2, 0]).totalVariation).toBeCloseTo(1, 12);
  });

  it("gives the figures worked out by hand", () => {
    // Shares .75, .25 against .5, .5; smoothed recommended: 4/6, 2/6.
    const { totalVariation, klDivergence } = popularityDistance([3, 1], [1, 1]);
    expect(totalVariation).toBeCloseTo(0.25, 12);
    expect(klDivergence).toBeCloseTo(0.5 * Math.log(0.5 / (4 / 6)) + 0.5 * Math.log(0.5 / (2 / 6)), 12);
  });

  it("is NaN where nothing is counted", () => {
    expect(popularityDistance([0, 0], [1, 0]).totalVariation).toBeNaN();
    expect(popularityDistance([1, 0], [0, 0]).klDivergence).toBeNaN();
  });
});
