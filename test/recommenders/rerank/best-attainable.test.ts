import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { dlcrecNdcg } from "../../../src/metrics/compat/dlcrec.js";
import { bestAttainable } from "../../../src/recommenders/rerank/best-attainable.js";
import { RECOMMENDERS, resolveOptions, selectRecommenders } from "../../../src/recommenders/registry.js";
import { bestAttainableList } from "../../../src/recommenders/sequential/controls.js";
import type { GenreWish } from "../../../src/tasks/controlled-list.js";
import { isCeiling } from "../../../src/report/frame.js";
import { contextOf } from "../support.js";
import { sequenceTraining } from "../sequential/support.js";
import { combinations, setsOf } from "./support.js";

/** Eight items of the genres 0 to 3, each of one or of several. */
const ITEMS = 8;
const train = sequenceTraining([[0, 1]], { items: ITEMS, historyLength: 2 });
const data = (genres: readonly (readonly number[])[], all: boolean) => ({
  ...train,
  items: { ...train.items, categoryNames: ["a", "b", "c", "d"] },
  mainGenres: Int32Array.from(genres, ([main]) => main),
  ...(all && { allGenres: setsOf(genres) }),
});

describe("the best attainable list", () => {
  it.each([false, true])(
    "has the NDCG of the best of all lists with the wished genres (all genres: %s)",
    (all) => {
      const random = Random.fromSeed("best-attainable");
      let found = 0;
      for (let trial = 0; trial < 200; trial++) {
        const genres = Array.from({ length: ITEMS }, () =>
          [...random.sample(4, 1 + random.int(all ? 2 : 1))].sort(),
        );
        const own = data(genres, all);
        const k = 2 + random.int(3);
        const targets = random.sample(ITEMS, k);
        const wish: GenreWish =
          random.uniform() < 0.5 ? 1 + random.int(3) : new Set(random.sample(4, 1 + random.int(2)));
        const truth = new Set(Array.from(targets));
        const fits = (items: readonly number[]) => {
          const delivered = new Set(items.flatMap((item) => (all ? genres[item] : genres[item].slice(0, 1))));
          return typeof wish === "number"
            ? delivered.size === wish
            : delivered.size === wish.size && [...wish].every((genre) => delivered.has(genre));
        };
        let best = -1;
        for (const items of combinations(ITEMS, k)) {
          if (!fits(items)) continue;
          const sorted = [...items].sort((a, b) => Number(truth.has(b)) - Number(truth.has(a)));
          best = Math.max(best, dlcrecNdcg(sorted, truth, k));
        }
        if (best < 0) continue;
        found++;
        const list = bestAttainable(own)(targets, [], wish, k);
        expect(fits(Array.from(list))).toBe(true);
        expect(dlcrecNdcg(list, truth, k)).toBeCloseTo(best, 12);
      }
      expect(found).toBeGreaterThan(50);
    },
  );

  it("is the targets without a wish, and lists what was seen only where it is a target", () => {
    const best = bestAttainable(data([[0], [0], [1], [1], [2], [2], [3], [3]], false));
    expect([...best([6, 2], [0, 2], null, 3)]).toEqual([2, 6, 1]);
    expect([...best([6, 2], [0, 2], 2, 3)]).toEqual([2, 6, 7]);
    // A wish that nothing fulfils: the nearest number.
    expect([...best([6, 2], [], 4, 2)]).toEqual([2, 6]);
  });
});

describe("the control best-attainable", () => {
  it("is a ceiling that has to be named, and is told the answers by its run", async () => {
    expect(isCeiling({ recommender: bestAttainableList.id, kind: bestAttainableList.kind })).toBe(true);
    for (const group of ["all", "control"]) {
      expect(selectRecommenders("controlled-list", [group])).not.toContain(bestAttainableList);
    }
    expect(RECOMMENDERS.filter(({ seesTargets }) => seesTargets)).toEqual([bestAttainableList]);
    const own = data([[0], [0], [1], [1], [2], [2], [3], [3]], false);
    const context = contextOf("best-attainable");
    expect(() => bestAttainableList.fit(own, resolveOptions(bestAttainableList), context)).toThrow(
      "no targets",
    );
    const told = { ...context, targets: () => Int32Array.of(6, 2, 4) };
    const fitted = await bestAttainableList.fit(own, resolveOptions(bestAttainableList), told);
    const one = {
      ...{ user: 0, genres: 2, length: 3, time: NaN },
      history: Int32Array.of(0),
      seen: Int32Array.of(0),
    };
    const lists = await fitted.answer([one, { ...one, genres: 3 }, { ...one, genres: null }], told);
    expect(lists.map((list) => [...list])).toEqual([
      [2, 4, 5],
      [2, 4, 6],
      [2, 4, 6],
    ]);
  });
});
