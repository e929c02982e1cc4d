import { describe, expect, it } from "vitest";
import { InterruptedError } from "../../src/core/errors.js";
import { RECOMMENDERS, resolveOptions, selectRecommenders } from "../../src/recommenders/registry.js";
import { contextOf, randomMatrix, scoresOf, trainingOf } from "./support.js";

describe("selectRecommenders", () => {
  it("gives names and groups once each, in the order asked", () => {
    const ids = selectRecommenders("cold-start", ["item-knn", "control", "item-knn"]).map(({ id }) => id);
    expect(ids).toEqual(["item-knn", "random", "popularity", "oracle"]);
  });

  it("knows the groups all and classic", () => {
    const ofTask = RECOMMENDERS.filter(({ task }) => (task as string) === "cold-start");
    expect(selectRecommenders("cold-start", ["all"])).toEqual(ofTask);
    const kinds = new Set(selectRecommenders("cold-start", ["classic"]).map(({ kind }) => kind));
    expect([...kinds]).toEqual(["classic"]);
  });

  it("suggests the nearest name for an unknown one", () => {
    const attempt = () => selectRecommenders("cold-start", ["item-kn"]);
    expect(attempt).toThrow('the task cold-start has no recommender "item-kn"');
    try {
      attempt();
    } catch (error) {
      expect(error).toMatchObject({ code: "UNKNOWN_RECOMMENDER", exit: 2 });
      expect((error as { hint: string }).hint).toContain("Did you mean item-knn?");
    }
  });
});

describe("resolveOptions", () => {
  const [itemKnn] = selectRecommenders("cold-start", ["item-knn"]);

  it("fills in defaults", () => {
    expect(resolveOptions(itemKnn, { k: 7 })).toMatchObject({ k: 7, shrink: expect.any(Number) as number });
  });

  it("refuses an unknown option and names the nearest", () => {
    expect(() => resolveOptions(itemKnn, { shrnk: 1 })).toThrow('item-knn has no option "shrnk"');
    try {
      resolveOptions(itemKnn, { shrnk: 1 });
    } catch (error) {
      expect(error).toMatchObject({ code: "BAD_OPTION", exit: 2 });
      expect((error as { hint: string }).hint).toContain("Did you mean shrink?");
    }
  });

  it("refuses a value out of range and names the option", () => {
    expect(() => resolveOptions(itemKnn, { k: 0 })).toThrow(/^item-knn\.k: /);
  });

  it("says so where there are no options", () => {
    const [popularity] = selectRecommenders("cold-start", ["popularity"]);
    expect(() => resolveOptions(popularity, { k: 1 })).toThrow('popularity has no option "k"');
  });
});

// The recommenders that need no training engine; those that train have tests of their own.
const QUICK = ["random", "popularity", "content-knn", "item-knn", "user-knn", "ease", "als"];

describe.each(selectRecommenders("cold-start", QUICK).map((one) => [one.id, one] as const))(
  "%s",
  (_, recommender) => {
    const texts = ["red ball", "red cube", "blue ball", "green", "red", "blue cube", "", "blue"];
    const train = trainingOf(randomMatrix(3, 12, 8, 0.3, 2), texts);

    it("has finite scores that depend neither on the block nor on the run", async () => {
      const whole = await scoresOf(recommender, train);
      expect(whole.flat().every(Number.isFinite)).toBe(true);
      expect(await scoresOf(recommender, train)).toEqual(whole);
      const context = contextOf(recommender.id);
      const fitted = await recommender.fit(train, resolveOptions(recommender), context);
      const two = await fitted.answer([{ user: 5 }, { user: 2 }], context);
      expect([Array.from(two.subarray(0, 8)), Array.from(two.subarray(8))]).toEqual([whole[5], whole[2]]);
      expect(await fitted.answer([], context)).toHaveLength(0);
    });

    it("changes with the seed exactly if it says so", async () => {
      const first = await scoresOf(recommender, train, {}, contextOf(recommender.id, 1));
      const second = await scoresOf(recommender, train, {}, contextOf(recommender.id, 2));
      expect(JSON.stringify(first) !== JSON.stringify(second)).toBe(recommender.seeded);
    });

    it("gives all cold items the same score, unless it reads their text or draws at random", async () => {
      if (["content-knn", "random"].includes(recommender.id)) return;
      for (const row of await scoresOf(recommender, train)) {
        expect(row.slice(6)).toEqual([0, 0]);
      }
    });

    it("stops when it's interrupted", async () => {
      if (["popularity", "random"].includes(recommender.id)) return;
      const stop = new AbortController();
      stop.abort();
      const context = contextOf(recommender.id, 1, new Map(), stop.signal);
      await expect(scoresOf(recommender, train, {}, context)).rejects.toBeInstanceOf(InterruptedError);
    });
  },
);
