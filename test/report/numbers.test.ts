import { expect, it } from "vitest";
import { decimalsFor, dollars, fixed, integer, seconds, signed } from "../../src/report/numbers.js";

it("chooses decimals by the size of a column", () => {
  expect([[0.1, NaN], [9.99], [12, 0.1], [-999], [1000], []].map(decimalsFor)).toEqual([4, 4, 2, 2, 0, 4]);
});

it("writes numbers without a negative zero and never a missing one as 0", () => {
  expect(fixed(-0.00001, 4)).toBe("0.0000");
  expect([fixed(NaN, 4), seconds(NaN), integer(NaN), dollars(NaN), signed(NaN, 2)]).toEqual(
    Array(5).fill("-"),
  );
  expect([signed(0.01, 4), signed(-0.01, 4), signed(0.00001, 4)]).toEqual(["+0.0100", "-0.0100", "0.0000"]);
});

it("writes costs in few digits", () => {
  expect([0, 0.0002, 0.0341, 5.204, 41.23, 99.96, 1234.4].map(seconds)).toEqual([
    "0.000",
    "<0.001",
    "0.034",
    "5.20",
    "41.2",
    "100.0",
    "1,234",
  ]);
  expect([0, 999, 1000, 1234567].map(integer)).toEqual(["0", "999", "1,000", "1,234,567"]);
  expect([0, 12.345, 0.0123, 0.0012, 0.00001].map(dollars)).toEqual([
    "0.00",
    "12.35",
    "0.01",
    "0.0012",
    "1.0e-5",
  ]);
});
