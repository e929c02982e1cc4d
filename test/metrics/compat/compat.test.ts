import { describe, expect, it } from "vitest";
import { dlcrecHitRate, dlcrecNdcg } from "../../../src/metrics/compat/dlcrec.js";
import { RTA_MISSING_RANK, rtaCleanTitle, rtaRank } from "../../../src/metrics/compat/rta.js";

describe("DLCRec's variants", () => {
  it("fill the ideal over all ten slots", () => {
    // python: d = 1 / np.log(np.arange(2, 12)); (d[0] + d[3]) / d.sum()
    expect(dlcrecNdcg([1, 8, 9, 2], new Set([1, 2]))).toBeCloseTo(0.314880130667631, 12);
    expect(dlcrecHitRate([1, 8, 9, 2], new Set([1, 2]))).toBe(0.2);
  });

  it("count a repeated hit each time, and nothing beyond the list or k", () => {
    expect(dlcrecHitRate([1, 1, 1], new Set([1]))).toBeCloseTo(0.3, 12);
    expect(dlcrecNdcg(Array<number>(12).fill(1), new Set([1]))).toBe(1);
    expect(dlcrecNdcg([-1, -1], new Set([1]))).toBe(0);
  });
});

describe("RTA's title matching", () => {
  it("cleans numbers, parentheses, punctuation and case", () => {
    expect(rtaCleanTitle(" 3. The  Matrix: Reloaded (2003) ")).toBe("the matrix reloaded");
    expect(rtaCleanTitle("12) Amélie")).toBe("amélie");
    expect(rtaCleanTitle("1917")).toBe("");
  });

  it("takes the first within edit distance 2, so short titles collide", () => {
    expect(rtaRank(["Alien", "2. The Matrx (1999)"], "The Matrix")).toBe(1);
    expect(rtaRank(["Saw"], "Jaws")).toBe(0);
    expect(rtaRank([""], "Up")).toBe(0);
    expect(rtaRank(["Alien"], "The Matrix")).toBe(RTA_MISSING_RANK);
  });
});
