import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../../src/core/files.js";
import { openDataset } from "../../../src/data/catalogue.js";
import type { Dataset } from "../../../src/data/dataset.js";
import { RECOMMENDABLE } from "../../../src/data/dialogue.js";
import { PART } from "../../../src/data/split.js";

const shared = process.env.LLMREC_SHARED_DATA ?? join(packageRoot(), "../shared/data");
const missing = (folder: string) => !existsSync(join(shared, folder));
const open = (name: string, folder: string) =>
  openDataset(name, { cache: "nowhere", data: join(shared, folder) });
const counts = (dataset: Dataset) => [
  dataset.users.keys.length,
  dataset.items.keys.length,
  dataset.interactions.users.length,
];

describe("real data (skipped where LLMREC_SHARED_DATA or ../shared/data lacks them)", () => {
  it.skipIf(missing("ml-100k"))("MovieLens 100K", async () => {
    const dataset = await open("ml-100k", "ml-100k");
    expect(counts(dataset)).toEqual([943, 1682, 100_000]);
    expect(dataset.notes).toEqual([]);
    expect(dataset.items.titles[0]).toBe("Toy Story");
    expect(dataset.items.categoryNames).toHaveLength(18);
    expect(new Set(dataset.interactions.values)).toEqual(new Set([1, 2, 3, 4, 5]));
    // head -2 ml-100k.inter | tail -1
    const { users, items, values, times } = dataset.interactions;
    expect([dataset.users.keys[users[0]], dataset.items.keys[items[0]], values![0], times![0]]).toEqual([
      "196",
      "242",
      3,
      881250949,
    ]);
  });

  it.skipIf(missing("citeulike-a"))("CiteULike-a with the published split", async () => {
    const dataset = await open("citeulike-a", "citeulike-a");
    expect(counts(dataset)).toEqual([5551, 16_980, 204_986]);
    expect(dataset.items.texts.tags.filter((tags) => tags !== "")).toHaveLength(13_519);
    const { parts, coldItems } = dataset.published!;
    const { items } = dataset.interactions;
    const size = (part: number, cold: number) =>
      items.filter((item, n) => parts[n] === part && coldItems[item] === cold).length;
    expect([
      size(PART.train, 0),
      size(PART.validation, 0),
      size(PART.test, 0),
      size(PART.validation, 1),
      size(PART.test, 1),
      size(PART.train, 1),
      size(PART.unused, 0) + size(PART.unused, 1),
    ]).toEqual([132_073, 16_471, 16_482, 19_802, 20_158, 0, 0]);
    const itemsIn = (part: number) =>
      new Set(items.filter((item, n) => parts[n] === part && coldItems[item] === 1)).size;
    expect([itemsIn(PART.validation), itemsIn(PART.test)]).toEqual([1698, 1698]);
    expect(dataset.notes).toHaveLength(1);
  });

  it.skipIf(missing("book-crossing"))("Book-Crossing, ratings and history", async () => {
    const ratings = await open("book-crossing", "book-crossing");
    expect(counts(ratings)).toEqual([2946, 17_384, 62_656]);
    expect(Math.min(...ratings.interactions.values!)).toBe(1);
    expect(Math.max(...ratings.interactions.values!)).toBe(10);
    expect(new Set(ratings.interactions.users).size).toBe(1295);
    expect(new Set(ratings.interactions.items).size).toBe(14_684);
    expect(ratings.items.titles.filter((title) => title === "")).toEqual([]);
    const history = await open("book-crossing-history", "book-crossing");
    expect(counts(history)).toEqual([2946, 17_384, 272_678]);
    expect(history.interactions.values).toBeNull();
    expect([...ratings.notes, ...history.notes]).toEqual([]);
  });

  it.skipIf(missing("inspired"))(
    "INSPIRED: the catalogue and the targets of the published evaluation",
    async () => {
      const { items, dialogues, published } = await open("inspired", "inspired");
      const recommendable = items.attributes[RECOMMENDABLE] as Float64Array;
      expect([items.keys.length, recommendable.reduce((sum, one) => sum + one, 0)]).toEqual([1472, 1123]);
      expect([1, 2, 3].map((part) => published!.dialogues!.filter((one) => one === part).length)).toEqual([
        801, 99, 99,
      ]);
      let [turns, targets] = [0, 0];
      dialogues!.forEach((dialogue, n) => {
        if (published!.dialogues![n] !== PART.test) return;
        for (const { role, mentions } of dialogue.turns) {
          const named = new Set(
            mentions.filter(({ item, passing }) => item >= 0 && !passing).map(({ item }) => item),
          );
          if (role !== "recommender" || named.size === 0) continue;
          turns++;
          targets += named.size;
        }
      });
      expect([turns, targets]).toEqual([228, 253]);
    },
  );
});
