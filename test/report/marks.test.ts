import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rankMarks } from "../../src/report/marks.js";

const all = [true, true, true, true];

describe("rankMarks", () => {
  it("marks the best and the second in the metric's direction", () => {
    expect(rankMarks([0.1, 0.3, 0.2, 0], all, "higher", 4)).toEqual([undefined, "best", "second", undefined]);
    expect(rankMarks([0.1, 0.3, 0.2, 0], all, "lower", 4)).toEqual(["second", undefined, undefined, "best"]);
  });

  it("marks all ties, as printed", () => {
    expect(rankMarks([0.3, 0.1 + 0.2, 0.30002, 0.2], all, "higher", 4)).toEqual([
      "best",
      "best",
      "best",
      "second",
    ]);
    expect(rankMarks([0.3, 0.30002, 0.1, 0.1], all, "higher", 5)).toEqual([
      "second",
      "best",
      undefined,
      undefined,
    ]);
  });

  it("leaves out controls and what is no number", () => {
    expect(rankMarks([0.9, NaN, 0.2, 0.1], [false, true, true, true], "higher", 4)).toEqual([
      undefined,
      undefined,
      "best",
      "second",
    ]);
  });

  it("marks nothing without a direction or without two competitors", () => {
    expect(rankMarks([1, 2, 3, 4], all, null, 4)).toEqual([undefined, undefined, undefined, undefined]);
    expect(rankMarks([1, 2], [true, false], "higher", 4)).toEqual([undefined, undefined]);
  });

  it("never marks a value below a better one (property)", () => {
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(values, (list) => {
        const marks = rankMarks(
          list,
          list.map(() => true),
          "higher",
          4,
        );
        const top = Math.max(...list.map((value) => Number(value.toFixed(4))));
        list.forEach((value, at) => {
          expect(marks[at] === "best").toBe(Number(value.toFixed(4)) === top);
        });
      }),
    );
  });
});
