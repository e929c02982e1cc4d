import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { categoryDistance, genreSpread } from "../../../src/metrics/lists/diversity.js";
import { calibratedList } from "../../../src/recommenders/rerank/calibrated.js";
import { dppList } from "../../../src/recommenders/rerank/dpp.js";
import { mmrList } from "../../../src/recommenders/rerank/mmr.js";
import { headOf, type Pool, poolOf, relevanceOf } from "../../../src/recommenders/rerank/pool.js";
import { steeredList } from "../../../src/recommenders/rerank/steer.js";
import { wantedGenres } from "../../../src/recommenders/rerank/wanted-genres.js";
import { xquadList } from "../../../src/recommenders/rerank/xquad.js";
import { determinant, setsOf } from "./support.js";

const TRIALS = 40;

/** A pool with distinct scores and items of one to three genres. */
function randomCase(random: Random) {
  const items = 6 + random.int(5);
  const genres = Array.from({ length: items }, () => [...random.sample(4, 1 + random.int(3))].sort());
  const sets = setsOf(genres);
  const pool = poolOf(
    Float64Array.from({ length: items }, () => random.normal()),
    new Set(),
  );
  const wanted = Float64Array.from({ length: 4 }, () => 0.1 + random.uniform());
  const total = wanted.reduce((sum, weight) => sum + weight, 0);
  return { genres, sets, pool, wanted: wanted.map((weight) => weight / total) };
}

/** The list of which each item makes `value` of the list so far the largest: how every greedy method is defined. */
function greedyBy(pool: Pool, k: number, value: (places: readonly number[]) => number): number[] {
  const chosen: number[] = [];
  while (chosen.length < k) {
    const open = [...pool.items.keys()].filter((place) => !chosen.includes(place));
    const values = open.map((place) => value([...chosen, place]));
    chosen.push(open[values.indexOf(Math.max(...values))]);
  }
  return chosen.map((place) => pool.items[place]);
}

const last = (places: readonly number[]) => places[places.length - 1];

describe("the pool", () => {
  it("sorts by score, then by number, leaves items out and brings scores to 0..1", () => {
    const pool = poolOf([1, 5, 5, 3], new Set([3]));
    expect([...pool.items]).toEqual([1, 2, 0]);
    expect([...pool.scores]).toEqual([5, 5, 1]);
    expect([...relevanceOf(pool)]).toEqual([1, 1, 0]);
    expect([...relevanceOf(poolOf([2, 2], new Set()))]).toEqual([1, 1]);
  });

  it("has a head that reaches every genre, in the order of the pool", () => {
    const genres = Int32Array.of(0, 0, 0, 1, 1, -1);
    const head = (size: number, perGenre: number, ...excluded: number[]) => [
      ...headOf(Float32Array.of(6, 5, 4, 3, 3, 1), Int32Array.from(excluded), genres, { size, perGenre })
        .items,
    ];
    expect(head(2, 1)).toEqual([0, 1, 3, 5]);
    expect(head(1, 2)).toEqual([0, 1, 3, 4, 5]);
    expect(head(1, 1, 0, 3)).toEqual([1, 4, 5]);
    const random = Random.fromSeed("head");
    for (let trial = 0; trial < 20; trial++) {
      const scores = Float32Array.from({ length: 30 }, () => random.int(9));
      const genreOf = Int32Array.from({ length: 30 }, () => random.int(4) - 1);
      const excluded = random.sample(30, 5).sort();
      const all = poolOf(scores, new Set(excluded)).items;
      const expected = all.filter(
        (item, place) =>
          place < 4 || all.slice(0, place).filter((other) => genreOf[other] === genreOf[item]).length < 2,
      );
      expect([...headOf(scores, excluded, genreOf, { size: 4, perGenre: 2 }).items]).toEqual([...expected]);
    }
  });
});

describe("greedy re-rankers, against their definitions", () => {
  it("MMR", () => {
    const random = Random.fromSeed("mmr");
    for (let trial = 0; trial < TRIALS; trial++) {
      const { pool, sets } = randomCase(random);
      const distance = categoryDistance(sets);
      const relevance = relevanceOf(pool);
      const lambda = random.uniform();
      const expected = greedyBy(pool, 5, (places) => {
        const item = pool.items[last(places)];
        const similar = places.slice(0, -1).map((place) => 1 - distance(item, pool.items[place]));
        return (
          (1 - lambda) * relevance[last(places)] - (similar.length === 0 ? 0 : lambda * Math.max(...similar))
        );
      });
      expect([...mmrList(pool, 5, lambda, distance)]).toEqual(expected);
    }
  });

  it("DPP: the largest determinant of the kernel", () => {
    const random = Random.fromSeed("dpp");
    for (let trial = 0; trial < TRIALS; trial++) {
      const { pool, sets } = randomCase(random);
      const distance = categoryDistance(sets);
      const theta = 0.2 + 0.6 * random.uniform();
      const quality = relevanceOf(pool).map((relevance) => Math.exp((theta / (2 * (1 - theta))) * relevance));
      // Qualities carry rounding and ties of whole classes of items: compare what was reached, not the items.
      const determinantOf = (places: readonly number[]) =>
        determinant(
          places.map((a) =>
            places.map((b) => {
              const similarity = a === b ? 1 : 0.9 * (1 - distance(pool.items[a], pool.items[b]));
              return quality[a] * quality[b] * similarity;
            }),
          ),
        );
      const expected = greedyBy(pool, 5, determinantOf);
      const found = [...dppList(pool, 5, 1 - theta, distance)];
      const reached = (items: readonly number[]) =>
        determinantOf(items.map((item) => pool.items.indexOf(item)));
      for (let n = 1; n <= 5; n++) {
        expect(reached(found.slice(0, n)) / reached(expected.slice(0, n))).toBeCloseTo(1, 9);
      }
    }
  });

  it("xQuAD", () => {
    const random = Random.fromSeed("xquad");
    for (let trial = 0; trial < TRIALS; trial++) {
      const { pool, sets, genres, wanted } = randomCase(random);
      const relevance = relevanceOf(pool);
      const lambda = random.uniform();
      const chance = (place: number, genre: number) => {
        const own = genres[pool.items[place]];
        return own.includes(genre) ? 1 / own.length : 0;
      };
      const expected = greedyBy(pool, 5, (places) => {
        let novelty = 0;
        wanted.forEach((weight, genre) => {
          const unmet = places
            .slice(0, -1)
            .reduce((product, place) => product * (1 - chance(place, genre)), 1);
          novelty += weight * chance(last(places), genre) * unmet;
        });
        return (1 - lambda) * relevance[last(places)] + lambda * novelty;
      });
      expect([...xquadList(pool, 5, lambda, sets, wanted)]).toEqual(expected);
    }
  });

  it("calibrated: the largest relevance less divergence of the whole list", () => {
    const random = Random.fromSeed("calibrated");
    for (let trial = 0; trial < TRIALS; trial++) {
      const { pool, sets, genres, wanted } = randomCase(random);
      const relevance = relevanceOf(pool);
      const lambda = 0.9 * random.uniform();
      const expected = greedyBy(pool, 5, (places) => {
        const list = new Float64Array(4);
        for (const place of places) {
          const own = genres[pool.items[place]];
          for (const genre of own) list[genre] += 1 / own.length / places.length;
        }
        const kl = wanted.reduce((sum, p, g) => sum + p * Math.log(p / (0.99 * list[g] + 0.01 * p)), 0);
        return (1 - lambda) * places.reduce((sum, place) => sum + relevance[place], 0) - lambda * kl;
      });
      expect([...calibratedList(pool, 5, lambda, sets, wanted)]).toEqual(expected);
    }
  });

  it("keep the order of scores at diversity 0, and give what there is where the pool is short", () => {
    const sets = setsOf([[0], [0], [1], [2]]);
    const pool = poolOf([4, 3, 2, 1], new Set());
    const distance = categoryDistance(sets);
    const wanted = [0.4, 0.3, 0.3];
    const lists = (diversity: number, k: number) => [
      mmrList(pool, k, diversity, distance),
      dppList(pool, k, diversity, distance),
      xquadList(pool, k, diversity, sets, wanted),
      calibratedList(pool, k, diversity, sets, wanted),
    ];
    for (const list of lists(0, 3)) expect([...list]).toEqual([0, 1, 2]);
    for (const list of lists(1, 3)) expect([...list]).toEqual([0, 2, 3]);
    for (const list of lists(0.5, 9)) expect([...list].sort()).toEqual([0, 1, 2, 3]);
  });
});

describe("steering to a number of genres", () => {
  it("takes the least diversity that comes nearest", () => {
    const sets = setsOf([[0], [0], [0], [1], [2]]);
    const pool = poolOf([5, 4.9, 4.8, 3, 1], new Set());
    const tried: number[] = [];
    const list = (genres: number) =>
      steeredList(
        (diversity) => {
          tried.push(diversity);
          return mmrList(pool, 3, diversity, categoryDistance(sets));
        },
        genres,
        sets,
        3,
      );
    const spread = (genres: number) => genreSpread(list(genres), sets, 3).genres;
    expect([1, 2, 3].map(spread)).toEqual([1, 2, 3]);
    expect([...list(1)]).toEqual([0, 1, 2]);
    tried.length = 0;
    expect(spread(9)).toBe(3);
    expect(tried).toHaveLength(21);
  });

  it("wants the history's commonest genres, completed by the generally commonest", () => {
    // Two of four places are given, the other two shared out as 2 : 6.25.
    const two = [...wantedGenres([2, 0, 6, 0], [0, 0.5, 0.25, 0.25], 2, 4)];
    [1 / 4 + 1 / 8.25, 0, 1 / 4 + 6.25 / 16.5, 0].forEach((share, genre) => {
      expect(two[genre]).toBeCloseTo(share, 12);
    });
    const three = wantedGenres([2, 0, 6, 0], [0, 0.5, 0.25, 0.25], 3, 10);
    expect([...three].map((share) => share > 0)).toEqual([true, true, true, false]);
    expect(three.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect([...wantedGenres([1, 1, 2], [0, 0, 0], 3, 2)]).toEqual([0.5, 0, 0.5]);
  });
});
