import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { controlError } from "../../../src/metrics/lists/control.js";
import {
  categoryDistance,
  genreSpread,
  intraListDistance,
  vectorDistance,
  type ItemSets,
} from "../../../src/metrics/lists/diversity.js";
import { exposure, exposureCounts } from "../../../src/metrics/lists/exposure.js";
import { listPopularity, novelty, popularityLift } from "../../../src/metrics/lists/popularity.js";

fc.configureGlobal({ seed: 2025 });

/** Genres: 0 and 1; 1 and 2; 3; none; none. */
const SETS: ItemSets = {
  offsets: Int32Array.of(0, 2, 4, 5, 5, 5),
  indices: Int32Array.of(0, 1, 1, 2, 3),
};

describe("intra-list distance", () => {
  it("is 1 - Jaccard over categories", () => {
    const distance = categoryDistance(SETS);
    expect(distance(0, 1)).toBeCloseTo(2 / 3, 12);
    expect(distance(0, 0)).toBe(0);
    expect(distance(0, 2)).toBe(1);
    expect(distance(0, 3)).toBe(1);
    expect(distance(3, 4)).toBe(0);
    // python: scipy.spatial.distance.jaccard([1,1,0,1], [0,1,1,1])
    const sets = { offsets: Int32Array.of(0, 3, 6), indices: Int32Array.of(0, 1, 3, 1, 2, 3) };
    expect(categoryDistance(sets)(0, 1)).toBe(0.5);
  });

  it("is 1 - cosine over vectors", () => {
    const distance = vectorDistance(Float32Array.of(1, 2, -1, 0.5, 1, 3, 0, 0, 0), 3);
    // python: scipy.spatial.distance.cosine([1,2,-1], [.5,1,3])
    expect(distance(0, 1)).toBeCloseTo(1.063757671306334, 12);
    expect(distance(0, 2)).toBe(1);
    expect(distance(2, 2)).toBe(0);
  });

  it("is the mean over pairs; a repeat brings pairs of distance 0", () => {
    const distance = categoryDistance(SETS);
    expect(intraListDistance([0, 1, 2], distance)).toBeCloseTo((2 / 3 + 1 + 1) / 3, 12);
    expect(intraListDistance([0, 2, 2], distance)).toBeCloseTo(2 / 3, 12);
    expect(intraListDistance([-1, 0, -1, 2], distance)).toBe(1);
    expect(intraListDistance([0], distance)).toBeNaN();
    expect(intraListDistance([], distance)).toBeNaN();
  });
});

describe("genres of a list", () => {
  it("are counted once, as a share of all, and with their entropy", () => {
    const spread = genreSpread([0, 1, 2, 3, -1], SETS, 5);
    expect(spread.genres).toBe(4);
    expect(spread.coverage).toBe(0.8);
    // python: scipy.stats.entropy([.5, 1, .5, 1], base=2)
    expect(spread.entropy).toBeCloseTo(1.9182958340544896, 12);
  });

  it("have no entropy where no item has any", () => {
    expect(genreSpread([3, 4], SETS, 5)).toEqual({ genres: 0, coverage: 0, entropy: NaN });
  });

  it("miss the number asked for by the control error", () => {
    expect(controlError(5, genreSpread([0, 1], SETS, 5).genres)).toBe(2);
    expect(controlError(2, 5)).toBe(3);
  });
});

describe("exposure", () => {
  const lists = { items: Int32Array.of(0, 1, 2, 0, 2, -1, 0, 5, -1), width: 3 };

  it("counts places within k, with case weights", () => {
    expect([...exposureCounts(lists, 3, 6)]).toEqual([3, 1, 2, 0, 0, 1]);
    expect([...exposureCounts(lists, 1, 6)]).toEqual([3, 0, 0, 0, 0, 0]);
    expect([...exposureCounts(lists, 9, 6, [0, 2, 1])]).toEqual([3, 0, 2, 0, 0, 1]);
  });

  it("has coverage, Gini and entropy over the whole catalogue", () => {
    const { coverage, gini, entropy } = exposure(Float64Array.of(5, 0, 1, 3, 0, 1));
    expect(coverage).toBeCloseTo(4 / 6, 12);
    // python: np.abs(c[:, None] - c[None]).mean() / 2 / c.mean(); scipy.stats.entropy(c, base=2)
    expect(gini).toBeCloseTo(0.5666666666666667, 12);
    expect(entropy).toBeCloseTo(1.6854752972273344, 12);
  });

  it("runs from even to concentrated", () => {
    expect(exposure(Float64Array.of(2, 2, 2, 2))).toEqual({ coverage: 1, gini: 0, entropy: 2 });
    expect(exposure(Float64Array.of(0, 8, 0, 0))).toEqual({ coverage: 0.25, gini: 0.75, entropy: 0 });
    expect(exposure(Float64Array.of(0, 0))).toEqual({ coverage: 0, gini: NaN, entropy: NaN });
  });

  it("can be limited to the items that could be listed", () => {
    expect(exposure(Float64Array.of(2, 0, 2, 0), Int32Array.of(0, 2))).toMatchObject({
      coverage: 1,
      gini: 0,
    });
  });

  it("keeps Gini equal to half the relative mean difference", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 8 }), (list) => {
        const total = list.reduce((a, b) => a + b, 0);
        fc.pre(total > 0);
        const differences = list.flatMap((a) => list.map((b) => Math.abs(a - b))).reduce((a, b) => a + b, 0);
        const wanted = differences / (2 * list.length * total);
        expect(exposure(Float64Array.from(list)).gini).toBeCloseTo(wanted, 12);
      }),
    );
  });
});

describe("popularity", () => {
  const popularity = { users: [9, 4, 0], userCount: 9 };

  it("makes novelty finite for an item that nobody had", () => {
    // python: np.mean(-np.log2(np.array([10, 5, 1]) / 10))
    expect(novelty([0, 1, 2], popularity)).toBeCloseTo(1.440642698295787, 12);
    expect(novelty([2], popularity)).toBeCloseTo(Math.log2(10), 12);
    expect(novelty([-1], popularity)).toBeNaN();
  });

  it("is the mean share of users", () => {
    expect(listPopularity([0, 1], popularity)).toBeCloseTo(13 / 18, 12);
    expect(listPopularity([], popularity)).toBeNaN();
  });

  it("lifts over the profiles of the same users", () => {
    expect(popularityLift([0.4, 0.2, NaN, 0.9], [0.2, 0.2, 0.3, NaN])).toBeCloseTo(0.5, 12);
    expect(popularityLift([NaN], [1])).toBeNaN();
  });
});
