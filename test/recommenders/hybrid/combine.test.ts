import { describe, expect, it } from "vitest";
import {
  addListRanks,
  addReciprocalRanks,
  addStandardised,
  weightings,
} from "../../../src/recommenders/hybrid/combine.js";

describe("reciprocal rank fusion", () => {
  it("gives 1 / (60 + rank), equal scores the mean of their ranks", () => {
    const sums = new Float64Array(5);
    addReciprocalRanks(sums, Float32Array.of(0.5, 3, 0.5, -1, 2));
    // By hand: 3 is first, 2 second, the two 0.5 third and fourth, -1 fifth.
    expect(Array.from(sums)).toEqual([1 / 63.5, 1 / 61, 1 / 63.5, 1 / 65, 1 / 62]);
    addReciprocalRanks(sums, new Float32Array(5));
    expect(sums[1]).toBeCloseTo(1 / 61 + 1 / 63, 15);
  });

  it("of a list counts each item once, at its first place", () => {
    const sums = new Float64Array(4);
    addListRanks(sums, Int32Array.of(2, -1, 2, 0));
    expect(Array.from(sums)).toEqual([1 / 64, 0, 1 / 61, 0]);
  });
});

describe("standardised scores", () => {
  it("have mean 0 and deviation 1, and equal ones say nothing", () => {
    const sums = new Float64Array(4);
    addStandardised(sums, Float32Array.of(1, 3, 1, 3), 0.5);
    expect(Array.from(sums)).toEqual([-0.5, 0.5, -0.5, 0.5]);
    addStandardised(sums, Float32Array.of(7, 7, 7, 7), 0.5);
    expect(Array.from(sums)).toEqual([-0.5, 0.5, -0.5, 0.5]);
  });
});

describe("weightings", () => {
  it("sum to 1, reach every member alone, the most even first, none twice", () => {
    for (const members of [2, 3]) {
      const all = weightings(members);
      expect(all[0]).toEqual(
        Array.from({ length: members }, () => expect.closeTo(1 / members, 12) as number),
      );
      for (const weights of all) expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      for (let alone = 0; alone < members; alone++)
        expect(all).toContainEqual(Array.from({ length: members }, (_, at) => (at === alone ? 1 : 0)));
      expect(new Set(all.map((weights) => weights.join())).size).toBe(all.length);
    }
    expect(weightings(2)).toHaveLength(11);
    expect(weightings(3)).toHaveLength(22);
  });
});
