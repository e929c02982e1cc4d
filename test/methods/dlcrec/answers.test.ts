import { describe, expect, it } from "vitest";
import { Grounder } from "../../../src/methods/dlcrec/grounding.js";
import { parseFuture, parseGenres, parseTitles } from "../../../src/methods/dlcrec/parse.js";
import { trigramSimilarity } from "../../../src/methods/dlcrec/title-similarity.js";
import { ASKED, IGNORED, parseTrail, writeTrail } from "../../../src/methods/dlcrec/trail.js";

const trail = [
  { title: "Big Lebowski, The (1998)", genre: "Comedy" },
  { title: "Miller's Crossing (1990)", genre: "Children's" },
  { title: "11'09\"01 - September 11 (2002)", genre: "Sci-Fi" },
  { title: ASKED, genre: "Drama" },
  { title: IGNORED, genre: ASKED },
];

describe("trails", () => {
  it("come back as they were written, apostrophes and quotes included", () => {
    const text = writeTrail(trail);
    expect(
      text.startsWith(`"Big Lebowski, The (1998)"'Comedy', "Miller's Crossing (1990)"'Children's', `),
    ).toBe(true);
    expect(parseTrail(text)).toEqual(trail);
  });

  it("lose what is incomplete, and nothing else", () => {
    expect(parseTrail(`"A"'x', "B"'y`)).toEqual([{ title: "A", genre: "x" }]);
    expect(parseTrail(`Sure! "A"'x',"B"'y'\n`).map(({ title }) => title)).toEqual(["A", "B"]);
    expect(parseTrail("no trail at all")).toEqual([]);
  });
});

describe("answers", () => {
  it("of GP are the different genres, in order", () => {
    expect(parseGenres("Drama, Comedy , Drama,, War")).toEqual(["Drama", "Comedy", "War"]);
    expect(parseGenres("RPG| Indie", "| ")).toEqual(["RPG", "Indie"]);
    expect(parseGenres("")).toEqual([]);
  });

  it("of GF and IP are the entries after the history, with the missing ones counted", () => {
    const answer = writeTrail(trail);
    expect(parseFuture(answer, 2, 2)).toEqual({ values: [trail[2], trail[3]], missing: 0 });
    expect(parseFuture(answer, 4, 3)).toEqual({ values: [trail[4], null, null], missing: 2 });
    expect(parseFuture("I can't", 10, 2)).toEqual({ values: [null, null], missing: 2 });
  });

  it("of BIGRec are titles with or without quotes", () => {
    expect(parseTitles('"A (1990)"| "B"| C| ', 4)).toEqual({
      values: ["A (1990)", "B", "C", null],
      missing: 1,
    });
    expect(parseTitles("A| B| C", 2)).toEqual({ values: ["A", "B"], missing: 0 });
  });
});

describe("grounding", () => {
  const titles = [
    "Terminator, The (1984)",
    "Predator (1987)",
    "Predator 2 (1990)",
    "Shrek (2001)",
    "Shrek (2001)",
  ];
  const grounder = new Grounder(titles, trigramSimilarity(titles));

  it("takes the exact title first, the last one of equals, then the nearest", () => {
    expect(grounder.ground(["Shrek (2001)", "Predator (1988)", "The Terminator (1984)", null])).toEqual({
      items: Int32Array.of(4, 1, 0, -1),
      exact: 1,
    });
    expect(grounder.find("Predator (1987)")).toBe(1);
    expect(grounder.find("Predator (1988)")).toBeUndefined();
  });

  it("goes round excluded and listed items where asked", () => {
    const twice = ["Predator (1987)", "Predator (1987)", "Predator (1988)"];
    expect([...grounder.ground(twice).items]).toEqual([1, 1, 1]);
    expect([...grounder.ground(twice, { excluded: new Set([1]) }).items]).toEqual([2, 2, 2]);
    const unique = grounder.ground(["Predator (1987)", "Predator (1987)"], { unique: true });
    expect([...unique.items]).toEqual([1, 2]);
    expect(unique.exact).toBe(2);
  });

  it("weighs rare letters: cosine of trigrams by log of rarity, computed by hand", () => {
    // Grams of "ab": "  a" (both titles), " ab" (both), "ab " (one of two: log 2). Only "ab " counts.
    const similarity = trigramSimilarity(["ab", "abc"]);
    const [ab, abc] = similarity("ab");
    expect(ab).toBeCloseTo(Math.log(2), 12);
    expect(abc).toBe(0);
    expect([...similarity("zz")]).toEqual([0, 0]);
  });
});
