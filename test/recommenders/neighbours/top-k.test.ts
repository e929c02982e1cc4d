import fc from "fast-check";
import { expect, it } from "vitest";
import { TopK } from "../../../src/recommenders/neighbours/top-k.js";

it("keeps the k best, the smaller index among equals, whatever the order (against sorting)", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 40 }),
      fc.integer({ min: 0, max: 12 }),
      fc.integer(),
      (values, k, turn) => {
        const pairs = values.map((value, index) => ({ index, value }));
        const expected = [...pairs]
          .sort((a, b) => b.value - a.value || a.index - b.index)
          .slice(0, k)
          .map(({ index }) => index)
          .sort((a, b) => a - b);
        const best = new TopK(k);
        best.push(0, 99);
        best.clear();
        const start = values.length === 0 ? 0 : Math.abs(turn) % values.length;
        for (const { index, value } of [...pairs.slice(start), ...pairs.slice(0, start)])
          best.push(index, value);
        expect(Array.from(best.kept())).toEqual(expected);
      },
    ),
  );
});
