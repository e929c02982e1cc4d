import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { hasEntry } from "../../../src/data/csr.js";
import { pairSampler } from "../../../src/recommenders/sampling/negatives.js";
import { matrixOf } from "../support.js";

describe("pairSampler", () => {
  it("never draws a positive of the user nor an item without a training pair, and reaches all others", () => {
    const rows = fc.array(fc.array(fc.constantFrom(0, 0, 1), { minLength: 6, maxLength: 6 }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(rows, fc.nat(), (table, seed) => {
        const matrix = matrixOf(table);
        const sampler = pairSampler(matrix);
        const random = Random.fromSeed(seed);
        const isTrained = (item: number) => table.some((row) => row[item] === 1);
        for (const user of new Set(sampler.users)) {
          const drawn = new Set(Array.from({ length: 200 }, () => sampler.negative(user, random)));
          const allowed = table[0].flatMap((_, item) =>
            isTrained(item) && !hasEntry(matrix, user, item) ? [item] : [],
          );
          expect([...drawn].sort()).toEqual(allowed);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("has each pair once, without the users who have every trained item", () => {
    const matrix = matrixOf([
      [1, 1, 0, 1],
      [0, 1, 0, 0],
      [1, 0, 0, 1],
    ]);
    const { users, items, trained } = pairSampler(matrix);
    expect(Array.from(users, (user, n) => [user, items[n]])).toEqual([
      [1, 1],
      [2, 0],
      [2, 3],
    ]);
    expect([...trained]).toEqual([0, 1, 3]);
  });
});
