import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { poolOf, type Pool } from "../../../src/recommenders/rerank/pool.js";
import { quotaList } from "../../../src/recommenders/rerank/quota.js";
import { quotaSetsList } from "../../../src/recommenders/rerank/quota-sets.js";
import type { GenreWish } from "../../../src/tasks/controlled-list.js";
import { combinations, randomPool, setsOf } from "./support.js";

const pool = poolOf([9, 8, 7, 6, 5, 1], new Set());
const genres = [0, 0, 0, 1, 1, 2];

describe("the exact quota", () => {
  it("gives the best list of each number of genres", () => {
    expect([...quotaList(pool, genres, 1, 3)!]).toEqual([0, 1, 2]);
    expect([...quotaList(pool, genres, 2, 3)!]).toEqual([0, 1, 3]);
    expect([...quotaList(pool, genres, 3, 3)!]).toEqual([0, 3, 5]);
  });

  it("keeps to a set of genres, and lets an item without a genre fill any list", () => {
    expect([...quotaList(pool, genres, new Set([0, 2]), 3)!]).toEqual([0, 1, 5]);
    expect([...quotaList(pool, [-1, 0, 0, 1, 1, 2], new Set([2]), 2)!]).toEqual([0, 5]);
  });

  it("says where there is no such list", () => {
    expect(quotaList(pool, genres, 4, 4)).toBeUndefined();
    expect(quotaList(pool, genres, 1, 4)).toBeUndefined();
    expect(quotaList(pool, genres, 3, 2)).toBeUndefined();
    expect(quotaList(pool, genres, new Set([7]), 1)).toBeUndefined();
    expect(quotaSetsList(pool, setsOf(genres.map((g) => [g])), 3, 3, 2)).toBeUndefined();
    expect(() => quotaSetsList(pool, setsOf([]), 31, 1, 1)).toThrow(RangeError);
  });

  it("is the brute force's best, one genre an item", () => {
    const random = Random.fromSeed("quota");
    for (let trial = 0; trial < 150; trial++) {
      const small = randomPool(random, 5 + random.int(6));
      const own = Array.from(small.items, () => random.int(5) - 1);
      const k = 1 + random.int(5);
      const wish = randomWish(random, 4);
      const sets = own.map((genre) => (genre === -1 ? [] : [genre]));
      const best = bruteForce(small, sets, wish, k);
      expect(sumOf(small, quotaList(small, own, wish, k), sets, wish, k)).toBe(best);
      expect(sumOf(small, quotaSetsList(small, setsOf(sets), 4, wish, k), sets, wish, k)).toBe(best);
    }
  });

  it("is the brute force's best, several genres an item", () => {
    const random = Random.fromSeed("quota-sets");
    for (let trial = 0; trial < 150; trial++) {
      const small = randomPool(random, 5 + random.int(6));
      const sets = Array.from(small.items, () => [...random.sample(6, random.int(4))].sort());
      const k = 1 + random.int(5);
      const wish = randomWish(random, 6);
      const best = bruteForce(small, sets, wish, k);
      expect(sumOf(small, quotaSetsList(small, setsOf(sets), 6, wish, k), sets, wish, k)).toBe(best);
    }
  });
});

function randomWish(random: Random, genreCount: number): GenreWish {
  const count = 1 + random.int(genreCount);
  return random.int(2) === 0 ? count : new Set(random.sample(genreCount, count));
}

function fulfils(sets: readonly (readonly number[])[], items: Iterable<number>, wish: GenreWish): boolean {
  const found = new Set([...items].flatMap((item) => sets[item]));
  return typeof wish === "number"
    ? found.size === wish
    : found.size === wish.size && [...wish].every((genre) => found.has(genre));
}

/** The largest sum of any k items with the wished genres; null without one. */
function bruteForce(
  pool: Pool,
  sets: readonly (readonly number[])[],
  wish: GenreWish,
  k: number,
): number | null {
  let best: number | null = null;
  for (const places of combinations(pool.items.length, k)) {
    if (
      !fulfils(
        sets,
        places.map((place) => pool.items[place]),
        wish,
      )
    )
      continue;
    const sum = places.reduce((total, place) => total + pool.scores[place], 0);
    if (best === null || sum > best) best = sum;
  }
  return best;
}

/** A list's sum, having checked that it is what was asked for: k different items, best first, with those genres. */
function sumOf(
  pool: Pool,
  list: Int32Array | undefined,
  sets: readonly (readonly number[])[],
  wish: GenreWish,
  k: number,
): number | null {
  if (list === undefined) return null;
  const places = Array.from(list, (item) => pool.items.indexOf(item));
  expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
  expect(places).toHaveLength(k);
  expect(fulfils(sets, list, wish)).toBe(true);
  return places.reduce((total, place) => total + pool.scores[place], 0);
}
