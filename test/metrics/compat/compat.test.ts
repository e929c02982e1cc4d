import { describe, expect, it } from "vitest";
import {
  dlcrecDiversity,
  dlcrecHitRate,
  dlcrecMatch,
  dlcrecNdcg,
  dlcrecRepetition,
} from "../../../src/metrics/compat/dlcrec.js";
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

  it("measure repetition, diversity in order and matches by place", () => {
    expect(dlcrecRepetition([1, 1, 2, 3], 4)).toBe(0.25);
    expect(dlcrecRepetition([1], 4)).toBe(0.75);
    const genres = [[0], [0], [1], [0, 1]];
    // Seen {}: 1 - 0/1. {0}: 1 - 1/1. {0}, own 1: 1 - 0/2. {0, 1}, own both: 1 - 2/2.
    expect(dlcrecDiversity([0, 1, 2, 3], (item) => genres[item])).toBe(0.5);
    expect(dlcrecMatch(["a", "b", "a"], ["a", "a", "a"], 4)).toBe(0.5);
    expect(dlcrecMatch(["a", "b"], ["a"], 2)).toBe(0.5);
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
