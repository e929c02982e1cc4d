import { describe, expect, it } from "vitest";
import { findTitle } from "../../../src/data/readers/dialogue-tables.js";
import { readDataset } from "../../../src/data/readers/index.js";
import { failureOf, folderOf, spell } from "./files.js";

const link = (name: string) => `<http://dbpedia.org/resource/${name}>`;

function turn(
  role: string,
  text: string,
  films: [string, string, string][] = [],
  others: [string, string][] = [],
) {
  return {
    text,
    role,
    movie: films.map(([title]) => title),
    movie_link: films.filter(([, key]) => key !== "").map(([, key]) => link(key)),
    movie_name: films.filter(([, key]) => key !== "").map(([, , name]) => name),
    entity_link: others.map(([key]) => link(key)),
    entity_name: others.map(([, name]) => name),
  };
}

const lines = (...dialogues: unknown[]) => dialogues.map((one) => JSON.stringify(one) + "\n").join("");

describe("INSPIRED", () => {
  const heat: [string, string, string] = ["Heat (1995)", "Heat_(1995_film)", "Heat"];
  const up: [string, string, string] = ["Up (2009)", "Up_(2009_film)", "Up"];
  const files = () => ({
    "train.jsonl": lines(
      [
        turn("RECOMMENDER", "Hi"),
        turn("SEEKER", "I cheated, and liked heat and Ring", [heat, ["Ring (2002)", "", ""]]),
      ],
      [turn("RECOMMENDER", "Watch Up. UP!", [up, up])],
    ),
    "dev.jsonl": lines([
      turn(
        "SEEKER",
        "Is up good?",
        [],
        [
          ["Up_(2009_film)", "Up"],
          ["Action", "good"],
        ],
      ),
    ]),
    "test.jsonl": lines([]),
  });

  it("reads turns, mentions with their words, and the published parts", async () => {
    const dataset = await readDataset({ path: folderOf(files()) });
    expect(dataset.items.keys).toEqual(["Heat_(1995_film)", "Up_(2009_film)"]);
    expect(dataset.items.titles).toEqual(["Heat", "Up"]);
    expect([...(dataset.items.attributes.recommendable as Float64Array)]).toEqual([0, 1]);
    expect(dataset.dialogues!.map(({ id }) => id)).toEqual(["train_0", "train_1", "dev_0", "test_0"]);
    expect(spell(dataset, 0)).toEqual([
      "recommender: Hi []",
      "seeker: I cheated, and liked heat and Ring [heat=Heat_(1995_film), Ring=?]",
    ]);
    expect(spell(dataset, 1)).toEqual(["recommender: Watch Up. UP! [Up=Up_(2009_film), UP=Up_(2009_film)]"]);
    expect(spell(dataset, 2)).toEqual(["seeker: Is up good? [up=Up_(2009_film)~]"]);
    expect([...dataset.published!.dialogues!]).toEqual([1, 1, 2, 3]);
  });

  it("names file, line and field of a fault", async () => {
    const broken = folderOf({ ...files(), "dev.jsonl": `${lines([])}[{"text": 3}]\n` });
    expect(await failureOf(readDataset({ path: broken }))).toMatchObject({
      code: "BAD_VALUE",
      line: 2,
      column: "0.text",
      exit: 3,
    });
    const cut = folderOf({ ...files(), "test.jsonl": '[{"text": "a' });
    expect(await failureOf(readDataset({ path: cut }))).toMatchObject({ code: "BAD_JSON", line: 1 });
  });
});

describe("findTitle", () => {
  it("finds whole words in any case, and special letters as they are", () => {
    expect(findTitle("the mother", "Her")).toEqual({ start: 0, end: 0 });
    expect(findTitle("Oh, HER?", "Her")).toEqual({ start: 4, end: 7 });
    expect(findTitle("I saw (500) Days.", "(500) Days")).toEqual({ start: 6, end: 16 });
    expect(findTitle("Up, up", "Up", 2)).toEqual({ start: 4, end: 6 });
    expect(findTitle("X-Men: a-b", "x-men")).toEqual({ start: 0, end: 5 });
    expect(findTitle("anything", "")).toEqual({ start: 0, end: 0 });
  });
});
