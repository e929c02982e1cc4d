import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csrFromPairs, hasEntry, rowIndices, rowOfEachEntry, transposeCsr } from "../../src/data/csr.js";

const entries = fc.array(fc.tuple(fc.nat(6), fc.nat(8), fc.integer({ min: 1, max: 9 })), { maxLength: 60 });

describe("csrFromPairs", () => {
  it("holds each coordinate once, ascending, with the last value given", () => {
    fc.assert(
      fc.property(entries, (list) => {
        const expected = new Map(list.map(([row, column, value]) => [row * 9 + column, value]));
        const matrix = csrFromPairs(
          7,
          9,
          list.map((e) => e[0]),
          list.map((e) => e[1]),
          list.map((e) => e[2]),
        );
        const rows = rowOfEachEntry(matrix);
        const found = Array.from(matrix.indices, (column, n) => [rows[n] * 9 + column, matrix.values[n]]);
        expect(found).toEqual([...expected].sort((a, b) => a[0] - b[0]));
        for (let row = 0; row < 7; row++) {
          for (let column = 0; column < 9; column++)
            expect(hasEntry(matrix, row, column)).toBe(expected.has(row * 9 + column));
        }
      }),
    );
  });

  it("comes back from two transpositions", () => {
    fc.assert(
      fc.property(entries, (list) => {
        const matrix = csrFromPairs(
          7,
          9,
          list.map((e) => e[0]),
          list.map((e) => e[1]),
          list.map((e) => e[2]),
        );
        expect(transposeCsr(transposeCsr(matrix))).toEqual(matrix);
      }),
    );
  });

  it("has empty rows", () => {
    const matrix = csrFromPairs(3, 3, [2], [1]);
    expect([...rowIndices(matrix, 0)]).toEqual([]);
    expect([...rowIndices(matrix, 2)]).toEqual([1]);
  });
});
