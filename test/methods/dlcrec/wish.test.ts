import { describe, expect, it } from "vitest";
import { Grounder } from "../../../src/methods/dlcrec/grounding.js";
import { commonestGenres, shareSlots } from "../../../src/methods/dlcrec/rules.js";
import { trigramSimilarity } from "../../../src/methods/dlcrec/title-similarity.js";
import { readHistory, readSlots, readWish } from "../../../src/methods/dlcrec/wish.js";
import { NAMES } from "./support.js";

describe("a wish", () => {
  it("is a number, genres, or a genre for each place", () => {
    expect(readWish(" 3 ", NAMES, 10)).toEqual({ count: 3 });
    expect(readWish("horror; Drama, Horror", NAMES, 10)).toEqual({ genres: [2, 0], count: 2 });
    expect(readSlots("Drama; Drama, Comedy", NAMES)).toEqual([0, 0, 1]);
  });

  it.each([
    // Western is a genre, but no film has it.
    ["4", 10, "TOO_MANY_GENRES", undefined],
    ["3", 2, "TOO_MANY_GENRES", undefined],
    ["Drama, Comedy", 1, "TOO_MANY_GENRES", undefined],
    ["0", 10, "BAD_GENRES", undefined],
    ["-1", 10, "BAD_GENRES", undefined],
    ["2.5", 10, "BAD_GENRES", undefined],
    ["Dramma", 10, "UNKNOWN_GENRE", /Did you mean Drama/],
  ])("%s for %i places is refused: %s", (text, length, code, hint) => {
    const error = (() => {
      try {
        return readWish(text, NAMES, length);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({ code });
    if (hint !== undefined) expect((error as { hint: string }).hint).toMatch(hint);
  });
});

describe("a history in words", () => {
  const titles = [...NAMES.titles.slice(0, 10), "Harbour of Glass", "The Last Train"];
  const names = { ...NAMES, titles };
  const grounder = new Grounder(titles, trigramSimilarity(titles));

  it("is read whatever the case, quoted or not", () => {
    expect([...readHistory('ash; "Harbour of Glass" ;Bay;', names, grounder)]).toEqual([0, 10, 1]);
  });

  it("is refused where it names no film, or one that is not known", () => {
    expect(() => readHistory(" ; ", names, grounder)).toThrow(/names no film/);
    expect(() => readHistory("Ash; The Last Tram", names, grounder)).toThrow(/no film "The Last Tram"/);
    try {
      readHistory("The Last Tram", names, grounder);
    } catch (error) {
      expect((error as { hint: string }).hint).toBe('Did you mean "The Last Train"?');
    }
  });
});

describe("plans by rule", () => {
  const { mainGenres } = NAMES;

  it("take the history's commonest genres, then those common in general", () => {
    // Genres 1, 1, 0; in general 2 before 0 before 3.
    expect(commonestGenres([1, 4, 0], mainGenres, [3, 1, 5, 2], 1)).toEqual([1]);
    expect(commonestGenres([1, 4, 0], mainGenres, [3, 1, 5, 2], 4)).toEqual([1, 0, 2, 3]);
    expect(commonestGenres([], mainGenres, [3, 1, 5, 2], 2)).toEqual([2, 0]);
    expect(commonestGenres([0], mainGenres, [3, 1, 5, 2], 9)).toHaveLength(4);
  });

  it("give every genre a place, then share the rest by the history", () => {
    // Likes + 1: genre 1 has 4, genre 0 has 2, genre 2 has 1. After one place each: 4/2, 2/2, 1/2; then 4/3, 2/2, ...
    expect(shareSlots([2, 0, 1], [1, 4, 7, 0], mainGenres, 6)).toEqual([2, 0, 1, 1, 1, 0]);
    expect(shareSlots([0, 1, 2], [], mainGenres, 2)).toEqual([0, 1]);
    expect(shareSlots([], [1], mainGenres, 3)).toEqual([]);
  });
});
