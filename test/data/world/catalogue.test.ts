import { distance } from "fastest-levenshtein";
import { describe, expect, it } from "vitest";
import { makeCatalogue } from "../../../src/data/world/catalogue.js";
import { KNOWLEDGE_CUTOFF, MONTHS, MONTH_SECONDS, WORLD_START } from "../../../src/data/world/constants.js";
import {
  blendInWords,
  directorMoods,
  knownFilmCards,
  permutedDirectorMoods,
} from "../../../src/data/world/knowledge.js";
import { makePopularity } from "../../../src/data/world/popularity.js";
import { GENRES, MOODS } from "../../../src/data/world/words.js";
import { correlation, mean } from "./support.js";

const catalogue = makeCatalogue(1500);
const { films, directors } = catalogue;

describe("the catalogue", () => {
  it("has the same films in every size", () => {
    expect(makeCatalogue(170).films).toEqual(films.slice(0, 170));
  });

  it("has at least 400 new films, all by directors of warm films, of which nobody has more than four", () => {
    const warm = new Map<number, number>();
    for (const film of films) if (!film.isNew) warm.set(film.director, (warm.get(film.director) ?? 0) + 1);
    const fresh = films.filter((film) => film.isNew);
    expect(fresh.length).toBeGreaterThanOrEqual(400);
    expect(fresh.filter((film) => !warm.has(film.director))).toEqual([]);
    expect(Math.max(...warm.values())).toBe(4);
  });

  it("calls new exactly what came out after the cut-off, and shows no film before its release", () => {
    for (const film of films) {
      expect(film.isNew).toBe(film.released >= KNOWLEDGE_CUTOFF);
      expect(WORLD_START + film.firstMonth * MONTH_SECONDS).toBeGreaterThanOrEqual(film.released);
      expect(film.firstMonth).toBeLessThan(MONTHS - 1);
    }
  });

  it("gives one to three different genres of at least fourteen, in the planned shares", () => {
    expect(GENRES.length).toBeGreaterThanOrEqual(14);
    expect(GENRES.reduce((sum, genre) => sum + genre.share, 0)).toBeCloseTo(1, 10);
    for (const { genres } of films) {
      expect(genres.length).toBeGreaterThanOrEqual(1);
      expect(genres.length).toBeLessThanOrEqual(3);
      expect(new Set(genres).size).toBe(genres.length);
    }
    GENRES.forEach((genre, g) => {
      // Four standard errors of a share of 1,500.
      const bound = 4 * Math.sqrt((genre.share * (1 - genre.share)) / films.length);
      expect(Math.abs(catalogue.byGenre[g].length / films.length - genre.share)).toBeLessThan(bound);
    });
  });

  it("has unique titles that share words and can't be mistaken by two letters", () => {
    const titles = films.map((film) => film.title.toLowerCase());
    expect(new Set(titles).size).toBe(titles.length);
    const words = new Set(titles.flatMap((title) => title.split(" ")));
    expect(words.size).toBeLessThan(400);
    const near: string[] = [];
    for (let a = 0; a < titles.length; a++)
      for (let b = 0; b < a; b++)
        if (Math.abs(titles[a].length - titles[b].length) <= 2 && distance(titles[a], titles[b]) <= 2)
          near.push(`${titles[a]} / ${titles[b]}`);
    expect(near).toEqual([]);
  });

  it("gives the genre away in the title of few films", () => {
    const keywords = GENRES.flatMap((genre) => genre.keywords.map((keyword) => `the ${keyword}`));
    const telling = films.filter((film) => keywords.includes(film.title.toLowerCase())).length;
    expect(telling).toBeGreaterThan(10);
    expect(telling / films.length).toBeLessThan(0.1);
  });

  it("names no mood in any text of any film", () => {
    const text = films.map((film) => [film.title, film.plot, ...film.keywords].join(" ")).join("\n");
    const names = directors.map((director) => director.name).join("\n");
    expect(MOODS.filter((mood) => new RegExp(mood, "i").test(text + names))).toEqual([]);
  });

  it("keeps mood and latent factors independent of the text", () => {
    // 1,500 films: a correlation of 0.09 is 3.5 standard errors.
    for (let g = 0; g < GENRES.length; g++) {
      const has = films.map((film) => (film.genres.includes(g) ? 1 : 0));
      const first = films.map((_, n) => catalogue.latent[n * 4]);
      expect(Math.abs(correlation(has, first))).toBeLessThan(0.09);
      for (let m = 0; m < MOODS.length; m++) {
        const moody = Array.from(catalogue.mood, (mood) => (mood === m ? 1 : 0));
        expect(Math.abs(correlation(has, moody))).toBeLessThan(0.1);
      }
    }
  });

  it("has plots of one sentence that name the first two keywords", () => {
    for (const film of films) {
      expect(film.plot).toMatch(/^[A-Z].*\.$/);
      for (const keyword of film.keywords.slice(0, 2)) expect(film.plot).toContain(keyword);
      expect(film.plot).not.toMatch(/\ba [aeiou]/i);
      expect(film.plot).not.toMatch(/\ban [^aeiou]/i);
    }
  });

  it("still names every director and film apart in a catalogue of 8,000", () => {
    const large = makeCatalogue(8_000);
    expect(new Set(large.directors.map((director) => director.name)).size).toBe(large.directors.length);
    expect(new Set(large.films.map((film) => film.title)).size).toBe(8_000);
  });
});

describe("popularity", () => {
  const popularity = makePopularity(catalogue);

  it("agrees with the language model's by one half over the films that it knows, of unit variance", () => {
    const known = films.flatMap((film, n) => (film.isNew ? [] : [n]));
    const month = 44 * films.length;
    const own = known.map((n) => popularity.log[month + n]);
    const theirs = known.map((n) => popularity.languageModel[n]);
    expect(correlation(own, theirs)).toBeGreaterThan(0.42);
    expect(correlation(own, theirs)).toBeLessThan(0.58);
    const centre = mean(theirs);
    expect(mean(theirs.map((x) => (x - centre) ** 2))).toBeGreaterThan(0.85);
    expect(mean(theirs.map((x) => (x - centre) ** 2))).toBeLessThan(1.15);
  });

  it("is unknown to the language model for new films, and nothing before a film is out", () => {
    expect(films.map((_, n) => Number.isNaN(popularity.languageModel[n]))).toEqual(
      films.map((film) => film.isNew),
    );
    const hidden = popularity.log.map((value) => (value === -Infinity ? 1 : 0));
    const expected = hidden.map((_, k) =>
      Math.floor(k / films.length) < films[k % films.length].firstMonth ? 1 : 0,
    );
    expect(hidden).toEqual(expected);
  });
});

describe("what a corpus may say", () => {
  it("has a card for every warm film and none for a new one", () => {
    const cards = knownFilmCards(catalogue);
    expect(cards.map((card) => card.item)).toEqual(films.flatMap((film, n) => (film.isNew ? [] : [n])));
    expect(cards[0].title).toBe(films[0].title);
  });

  it("gives the twin the same moods in the same numbers, unrelated to the true ones", () => {
    const [truth, twin] = [directorMoods(catalogue), permutedDirectorMoods(catalogue)];
    expect(Array.from(twin).sort()).toEqual(Array.from(truth).sort());
    const agreeing = truth.filter((mood, director) => mood === twin[director]).length / truth.length;
    // By chance 1/8; 441 directors give a standard error of .016.
    expect(agreeing).toBeLessThan(0.125 + 4 * 0.016);
  });

  it("puts a blend in words", () => {
    expect(blendInWords({ genres: [0, 5], moods: [0, 1] })).toBe("bleak or tender Drama or Crime");
  });
});
