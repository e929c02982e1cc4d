import { describe, expect, it } from "vitest";
import { POPULARITY_GROUPS, popularityGroups } from "../../../src/metrics/lists/popularity-groups.js";

const namesOf = (counts: number[]) =>
  Array.from(popularityGroups(counts), (group) => POPULARITY_GROUPS[group]);

describe("popularity groups", () => {
  it("are tenths of the recommendations, as worked out by hand", () => {
    // 20 recommendations. Ones hold 0..4 (middle 2: tenth 2), twos 4..8 (6: 4), the five 8..13 (10.5: 6), the seven 13..20 (16.5: 9).
    expect(namesOf([7, 1, 0, 2, 1, 5, 2, 1, 1, 0])).toEqual(
      ["9", "2", "", "4", "2", "6", "4", "2", "2", ""].map((n) => (n === "" ? "cold" : `decile-${n}`)),
    );
  });

  it("never part items of one count, and stay within ten groups", () => {
    expect(namesOf([3, 3, 3])).toEqual(["decile-6", "decile-6", "decile-6"]);
    // 0..1 and 1..1000: middles .5 and 500.5 of 1,000.
    expect(namesOf([1, 999])).toEqual(["decile-1", "decile-6"]);
    expect(namesOf([0, 0])).toEqual(["cold", "cold"]);
    expect(namesOf([])).toEqual([]);
    // 1 to 200: sorted counts give groups that never fall, the largest the last.
    const rising = [...popularityGroups(Array.from({ length: 200 }, (_, n) => n + 1))];
    expect(rising).toEqual([...rising].sort((a, b) => a - b));
    expect([rising[0], rising[199]]).toEqual([1, 10]);
    for (const group of new Set(rising)) {
      const held = rising.reduce((sum, own, n) => sum + (own === group ? n + 1 : 0), 0);
      expect(Math.abs(held / 20_100 - 0.1)).toBeLessThan(0.01);
    }
  });
});
