import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeParquet } from "../../src/core/parquet.js";
import { filterDataset } from "../../src/data/filters.js";
import { PART, positionsOf, type Split } from "../../src/data/split.js";
import { readSplit, writeSplit } from "../../src/data/splits/file.js";
import { findLeaks, requireNoLeaks } from "../../src/data/splits/leaks.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { datasetOf, gridDataset } from "./fixtures.js";

const dataset = gridDataset(40, 30, (user, item) => (user * 7 + item * 3) % 5 < 2);
const count = (split: Split, part: keyof typeof PART) => positionsOf(split, part).length;
const total = dataset.interactions.users.length;

describe("ratio", () => {
  it("takes the shares of each user and keeps a training interaction", () => {
    const split = makeSplit(dataset, "ratio", { validation: 0.25, test: 0.25 });
    for (let user = 0; user < 40; user++) {
      const mine = Array.from(split.parts).filter((_, p) => dataset.interactions.users[p] === user);
      expect(mine.filter((part) => part === PART.test)).toHaveLength(Math.round(mine.length / 4));
      expect(mine).toContain(PART.train);
    }
    expect(findLeaks(dataset, split)).toEqual([]);
  });

  it("depends on the seed alone", () => {
    const hash = (seed: number) => makeSplit(dataset, "ratio", { seed }).hash;
    expect(hash(1)).toBe(hash(1));
    expect(hash(1)).not.toBe(hash(2));
  });
});

describe("leave-last-out", () => {
  it("holds out the latest interactions of each user", () => {
    const data = datasetOf([
      [0, 0, 30],
      [0, 1, 10],
      [0, 2, 20],
      [1, 0, 5],
      [1, 1, 6],
    ]);
    expect([...makeSplit(data, "leave-last-out").parts]).toEqual([
      PART.test,
      PART.train,
      PART.validation,
      PART.train,
      PART.train,
    ]);
  });
});

describe("global-time", () => {
  it("lets no training interaction come after a test interaction, and never divides one second", () => {
    const rows = Array.from({ length: 200 }, (_, n) => [n % 10, n % 23, Math.floor(((n * 37) % 200) / 3)]);
    const data = datasetOf(rows);
    const split = makeSplit(data, "global-time", { validation: 0.2, test: 0.3 });
    const times = data.interactions.times!;
    const range = (part: "train" | "validation" | "test") =>
      [...positionsOf(split, part)].map((p) => times[p]);
    expect(Math.max(...range("train"))).toBeLessThan(Math.min(...range("validation")));
    expect(Math.max(...range("validation"))).toBeLessThan(Math.min(...range("test")));
    expect(count(split, "test") / 200).toBeCloseTo(0.3, 1);
    expect(findLeaks(data, split)).toEqual([]);
  });

  it("asks for times", () => {
    expect(() => makeSplit(datasetOf([[0, 0]]), "global-time")).toThrow(/needs timestamps/);
  });
});

describe("k-fold", () => {
  it("covers every interaction once as test", () => {
    const times = new Int32Array(total);
    for (let fold = 1; fold <= 4; fold++) {
      for (const position of positionsOf(makeSplit(dataset, "k-fold", { folds: 4, fold }), "test"))
        times[position]++;
    }
    expect(new Set(times)).toEqual(new Set([1]));
  });
});

describe("cold-item", () => {
  const split = makeSplit(dataset, "cold-item", { share: 0.3, validation: 0.2, test: 0.2 });

  it("keeps cold items out of training and divides them in halves", () => {
    expect(split.coldItems.reduce((a, b) => a + b)).toBe(9);
    expect(findLeaks(dataset, split)).toEqual([]);
    const coldPart = new Map<number, Set<number>>();
    dataset.interactions.items.forEach((item, position) => {
      if (split.coldItems[item])
        coldPart.set(item, (coldPart.get(item) ?? new Set()).add(split.parts[position]));
    });
    const halves = [...coldPart.values()].map((parts) => [...parts].join());
    expect(halves.filter((half) => half === String(PART.validation))).toHaveLength(5);
    expect(halves.filter((half) => half === String(PART.test))).toHaveLength(4);
  });

  it("leaves no held-out warm interaction whose user or item is untrained", () => {
    const trained = positionsOf(split, "train");
    const users = new Set(trained.map((p) => dataset.interactions.users[p]));
    const items = new Set(trained.map((p) => dataset.interactions.items[p]));
    for (const part of ["validation", "test"] as const) {
      for (const position of positionsOf(split, part)) {
        expect(users).toContain(dataset.interactions.users[position]);
        const item = dataset.interactions.items[position];
        if (!split.coldItems[item]) expect(items).toContain(item);
      }
    }
  });
});

describe("cold-user", () => {
  it("keeps cold users out of training", () => {
    const split = makeSplit(dataset, "cold-user", { share: 0.25 });
    expect(split.coldUsers.reduce((a, b) => a + b)).toBe(10);
    expect(findLeaks(dataset, split)).toEqual([]);
  });
});

describe("makeSplit", () => {
  it("names the nearest strategy and refuses unknown options", () => {
    expect(() => makeSplit(dataset, "cold-items")).toThrow(/unknown split strategy/);
    expect(() => makeSplit(dataset, "ratio", { shares: 1 })).toThrow(/shares/);
    expect(() => makeSplit(dataset, "published")).toThrow(/no published split/);
    expect(() => makeSplit(datasetOf([[0, 0, 1]]), "ratio")).toThrow(/test part .* is empty/);
  });
});

describe("leak checks", () => {
  const clean = makeSplit(dataset, "ratio");

  it("finds a pair in two parts", () => {
    const data = datasetOf([
      [0, 0, 1],
      [0, 0, 2],
    ]);
    const split = {
      ...clean,
      parts: Uint8Array.of(PART.train, PART.test),
      coldItems: new Uint8Array(1),
      coldUsers: new Uint8Array(1),
    };
    expect(findLeaks(data, split)).toEqual([
      { kind: "pair in two parts", count: 1, example: "user u0, item i0" },
    ]);
    expect(() => {
      requireNoLeaks(data, split);
    }).toThrow(/pair in two parts: 1/);
  });

  it("finds a test interaction before training under a split by time", () => {
    const split = { ...clean, byTime: true };
    expect(findLeaks(dataset, split).map((leak) => leak.kind)).toEqual(["test before training"]);
  });

  it("finds cold items and users in training", () => {
    const split = {
      ...clean,
      coldItems: clean.coldItems.slice().fill(1, 0, 1),
      coldUsers: clean.coldUsers.slice().fill(1, 3, 4),
    };
    expect(
      findLeaks(dataset, split)
        .map((leak) => leak.kind)
        .sort(),
    ).toEqual(["cold item in training", "cold user in training"]);
  });
});

describe("split files", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "llmrec-split-"));
  });

  it("gives back the same split with the same hash", async () => {
    const split = makeSplit(dataset, "cold-item");
    const path = join(folder, "split.parquet");
    await writeSplit(path, dataset, split);
    expect(await readSplit(path, dataset)).toEqual(split);
  });

  it("names the row of an unknown item, an unknown part and a pair that is none", async () => {
    const path = join(folder, "bad.parquet");
    const bad = async (user: string, item: string, part: string) => {
      await writeParquet(path, { user: [user], item: [item], part: [part] });
      return readSplit(path, dataset);
    };
    await expect(bad("u0", "nowhere", "train")).rejects.toThrow(/item nowhere, which is not in fixture/);
    await expect(bad("u0", "i0", "trian")).rejects.toThrow(/unknown part trian/);
    await expect(bad("u0", "i4", "train")).rejects.toThrow(/do not interact/);
    await writeFile(path, "user,item,part\n");
    await expect(readSplit(path, dataset)).rejects.toThrow(/not a Parquet file/);
  });
});

describe("filters", () => {
  it("keeps the first or the last of repeated pairs by time", () => {
    const data = datasetOf([
      [0, 0, 5],
      [0, 0, 9],
      [0, 0, 7],
      [0, 1, 1],
    ]);
    const times = (which: "first" | "last") => [
      ...filterDataset(data, { deduplicate: which }).interactions.times!,
    ];
    expect(times("last")).toEqual([9, 1]);
    expect(times("first")).toEqual([5, 1]);
  });

  it("reaches the k-core: no user and no item below its limit, tables without the removed", () => {
    const data = gridDataset(20, 20, (user, item) => item <= user && (user + item) % 3 !== 0);
    const core = filterDataset(data, { minPerUser: 5, minPerItem: 4 });
    const counts = (of: Int32Array) =>
      of.reduce((map, key) => map.set(key, (map.get(key) ?? 0) + 1), new Map<number, number>());
    expect(Math.min(...counts(core.interactions.users).values())).toBeGreaterThanOrEqual(5);
    expect(Math.min(...counts(core.interactions.items).values())).toBeGreaterThanOrEqual(4);
    expect(counts(core.interactions.users).size).toBe(core.users.keys.length);
    expect(counts(core.interactions.items).size).toBe(core.items.keys.length);
    expect(core.items.keys.length).toBeLessThan(20);
    const step = core.history.at(-1)!;
    expect(step).toMatchObject({
      users: core.users.keys.length,
      interactions: core.interactions.users.length,
    });
  });

  it("carries a published split along", () => {
    const published = makeSplit(dataset, "cold-item");
    const filtered = filterDataset({ ...dataset, published }, { after: 100, minPerItem: 3 });
    const keyed = (data: typeof filtered, split: Split) =>
      Array.from(
        split.parts,
        (part, p) =>
          `${data.users.keys[data.interactions.users[p]]}/${data.items.keys[data.interactions.items[p]]}=${part}`,
      );
    const before = new Set(keyed(dataset, published));
    for (const row of keyed(filtered, filtered.published!)) expect(before).toContain(row);
    expect(findLeaks(filtered, filtered.published!)).toEqual([]);
  });
});
