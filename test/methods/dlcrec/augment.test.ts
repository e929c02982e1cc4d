import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import {
  frequenciesOf,
  noisyGenres,
  noisyItems,
  spreadGenres,
  spreadItems,
} from "../../../src/methods/dlcrec/augment.js";
import { genresByCount, genreSample, type Sample } from "../../../src/methods/dlcrec/samples.js";
import { trainingPairs } from "../../../src/methods/dlcrec/training-pairs.js";
import { prompterOf } from "./support.js";

/** Items 0..79, item i of genre i mod 12. */
const genreOf = Int32Array.from({ length: 80 }, (_, item) => item % 12);
const random = () => Random.fromSeed("augment");
/** Genres of the future: 0 five times, 1 three times, 2 and 3 once. */
const window: Sample = {
  history: Int32Array.of(4, 16, 28, 5, 17, 6, 7, 8, 9, 10),
  future: Int32Array.of(0, 12, 1, 24, 13, 36, 2, 48, 25, 3),
};
const others: Sample[] = Array.from({ length: 40 }, (_, n) => ({
  history: Int32Array.from({ length: 10 }, (_one, place) => (7 * n + 5 * place) % 80),
  future: window.future,
}));
const frequencies = frequenciesOf([window, ...others], genreOf, 12);
const times = <T>(count: number, make: (draws: Random) => T) =>
  Array.from({ length: count }, (_, n) => make(random().fork(n)));

it("counts histories alone", () => {
  const own = frequenciesOf([window], genreOf, 12);
  expect([...own.genres]).toEqual([0, 0, 0, 0, 3, 2, 1, 1, 1, 1, 1, 0]);
  expect(own.items[4]).toBe(1);
  expect(own.items[0]).toBe(0);
});

it("orders genres by count, then by place", () => {
  expect(genresByCount([3, 1, 2, 1, 3, 0])).toEqual([3, 1, 2, 0]);
  expect(genreSample(window, genreOf).genres).toEqual([0, 1, 2, 3]);
});

describe("GF-N", () => {
  it("exchanges one genre of the set for one outside of it, in the set and at every place", () => {
    for (const sample of times(50, (draws) => noisyGenres(window, frequencies, draws)!)) {
      const before = genreSample(window, genreOf);
      const changed = before.genres.filter((genre, n) => genre !== sample.genres[n]);
      expect(changed).toHaveLength(1);
      const into = sample.genres.find((genre) => !before.genres.includes(genre))!;
      expect(into).toBeGreaterThan(3);
      expect(sample.slots).toEqual(before.slots.map((genre) => (genre === changed[0] ? into : genre)));
    }
  });

  it("has nothing to offer where all known genres are in the set", () => {
    const few = frequenciesOf([{ history: window.future }], genreOf, 12);
    expect(noisyGenres(window, few, random())).toBeUndefined();
  });
});

describe("GF-D", () => {
  const samples = times(2000, (draws) => spreadGenres(window, frequencies, draws));

  it("asks for 1 to 10 genres about equally often", () => {
    const counts = new Array<number>(11).fill(0);
    for (const { genres } of samples) counts[genres.length]++;
    expect(counts[0]).toBe(0);
    for (const count of counts.slice(1)) expect(Math.abs(count - 200)).toBeLessThan(60);
  });

  it("has exactly the genres of the set at its places", () => {
    for (const { genres, slots } of samples) {
      expect(new Set(slots)).toEqual(new Set(genres));
      expect(slots).toHaveLength(10);
    }
  });

  it("keeps the commonest genres at their places, or gives extra ones to repeated places from the left", () => {
    const before = genreSample(window, genreOf);
    for (const { genres, slots } of samples) {
      if (genres.length <= 4) {
        expect(genres).toEqual([0, 1, 2, 3].slice(0, genres.length));
        before.slots.forEach((genre, n) => {
          if (genres.includes(genre)) expect(slots[n]).toBe(genre);
        });
        continue;
      }
      expect(genres.slice(0, 4)).toEqual([0, 1, 2, 3]);
      const repeated = before.slots.flatMap((genre, n) => (before.slots.indexOf(genre) < n ? [n] : []));
      const extra = genres.slice(4);
      expect(repeated.slice(0, extra.length).map((n) => slots[n])).toEqual(extra);
      for (const n of [...before.slots.keys()].filter((at) => !repeated.slice(0, extra.length).includes(at)))
        expect(slots[n]).toBe(before.slots[n]);
    }
  });
});

describe("IP-N", () => {
  it("exchanges about the given share for items that are new to the window, with their own genres", () => {
    let changed = 0;
    for (const { items, slots } of times(300, (draws) => noisyItems(window, frequencies, 0.3, draws))) {
      expect(new Set(items).size).toBe(10);
      expect(slots).toEqual(items.map((item) => genreOf[item]));
      items.forEach((item, n) => {
        if (item === window.future[n]) return;
        changed++;
        expect([...window.history, ...window.future]).not.toContain(item);
      });
    }
    expect(changed / 3000).toBeCloseTo(0.3, 1);
    expect(noisyItems(window, frequencies, 0, random()).items).toEqual([...window.future]);
  });
});

describe("IP-D", () => {
  it("keeps the items of kept places, and draws the others from their new genre", () => {
    for (const { items, slots } of times(300, (draws) => spreadItems(window, frequencies, draws, false))) {
      expect(slots).toEqual(items.map((item) => genreOf[item]));
      items.forEach((item, n) => {
        if (slots[n] === genreOf[window.future[n]]) expect(item).toBe(window.future[n]);
        else expect([...window.history, ...window.future]).not.toContain(item);
      });
    }
  });

  it("draws the places of GF-D from the same numbers", () => {
    const spread = spreadGenres(window, frequencies, random());
    expect(spreadItems(window, frequencies, random(), false).slots).toEqual(spread.slots);
  });

  it("has no future where the published code has none: with no more genres than before", () => {
    const samples = times(200, (draws) => ({
      strict: spreadItems(window, frequencies, draws, true),
      count: spreadGenres(window, frequencies, random().fork(0)).genres.length,
    }));
    const empty = samples.filter(({ strict }) => strict.items.length === 0).length;
    // N is even over 1..10, and the window has 4 genres.
    expect(empty / 200).toBeGreaterThan(0.3);
    expect(empty / 200).toBeLessThan(0.5);
    for (const { strict } of samples) {
      if (strict.items.length > 0) expect(new Set(strict.slots).size).toBeGreaterThan(4);
    }
  });
});

describe("training pairs", () => {
  const few: Sample = { history: Int32Array.of(0, 4), future: Int32Array.of(7, 3, 10) };
  const known = frequenciesOf(
    [{ history: Int32Array.of(0, 1, 2, 3, 4, 5, 8, 11) }],
    Int32Array.from({ length: 12 }, (_, item) => item % 3),
    4,
  );
  const request = { augmentation: "nd", noise: 0.3, strict: false } as const;

  it("put the number, the set and the places of the answer into the question", async () => {
    const prompter = await prompterOf("trail");
    const pairs = (subtask: "gp" | "gf" | "ip" | "bigrecDiv") =>
      trainingPairs([few], known, { ...request, augmentation: "none", subtask }, prompter, random());
    expect(pairs("gp")).toEqual([
      {
        prompt: 'Watched: "Ash" (Drama), "Elm" (Comedy).\nThe 2 most likely genres of the next films:',
        completion: " Comedy, Drama",
      },
    ]);
    expect(pairs("gf")[0].prompt).toMatch(/Genres: Comedy, Drama\.\nThe next films:$/);
    expect(pairs("gf")[0].completion).toBe(" 1 Comedy, 2 Drama, 3 Comedy");
    expect(pairs("ip")[0].prompt).toMatch(/The next films: 1 Comedy, 2 Drama, 3 Comedy\nRecommendations:$/);
    expect(pairs("ip")[0].completion).toBe(' 1 Comedy "Hut", 2 Drama "Dew", 3 Comedy "Key"');
    expect(pairs("bigrecDiv")[0].prompt).toContain("of 2 genres");
  });

  it("come once more for each augmentation, for GF and IP alone", async () => {
    const prompter = await prompterOf("trail");
    const count = (subtask: "gp" | "gf" | "ip", augmentation: "none" | "n" | "d" | "nd") =>
      trainingPairs([few, few], known, { ...request, subtask, augmentation }, prompter, random()).length;
    expect([count("gf", "none"), count("gf", "n"), count("gf", "d"), count("gf", "nd")]).toEqual([
      2, 4, 4, 6,
    ]);
    expect([count("ip", "none"), count("ip", "n"), count("ip", "d"), count("ip", "nd")]).toEqual([
      2, 4, 4, 6,
    ]);
    expect(count("gp", "nd")).toBe(2);
  });
});
