import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InterruptedError, UsageError } from "../../../src/core/errors.js";
import { readParquet } from "../../../src/core/parquet.js";
import { PART } from "../../../src/data/split.js";
import { findLeaks } from "../../../src/data/splits/leaks.js";
import { hashDataset } from "../../../src/data/splits/hash.js";
import { KNOWLEDGE_CUTOFF } from "../../../src/data/world/constants.js";
import { streamWorld } from "../../../src/data/world/stream.js";
import { worldDataset } from "../../../src/data/world/world.js";

const tiny = worldDataset({ size: "tiny" });

describe("the world as a data set", () => {
  it("is the same again, and another with another seed", () => {
    const again = worldDataset({ size: "tiny", seed: 1 });
    const other = worldDataset({ size: "tiny", seed: 2 });
    expect(hashDataset(again)).toBe(hashDataset(tiny));
    expect(again.published?.hash).toBe(tiny.published?.hash);
    expect(other.items).toEqual(tiny.items);
    expect(other.interactions.items).not.toEqual(tiny.interactions.items);
    expect(other.dialogues).not.toEqual(tiny.dialogues);
  });

  it("has the bytes that it always had", () => {
    // A change of this hash changes every figure of the world: say so in the changelog.
    expect(hashDataset(tiny)).toMatchInlineSnapshot(
      `"88e3e59d29df284d1e0868d00a0da4029b41f46f5b4ddaff7e3a9e4f8845e518"`,
    );
  });

  it("says that it is synthetic", () => {
    expect(tiny.notes.join(" ")).toContain("synthetic");
    expect(tiny.notes.join(" ")).toContain("nothing about any real platform");
  });

  it("hides moods, latent factors and utilities from everything but the truth", () => {
    expect(Object.keys(tiny.items.texts)).toEqual(["director", "keywords", "plot"]);
    expect(Object.keys(tiny.items.attributes)).toEqual(["released"]);
    expect(tiny.users.attributes).toEqual({});
  });

  it("has a truth that agrees with itself", () => {
    const row = tiny.truth!.utilities(3);
    expect(tiny.truth!.utility(3, 17)).toBe(row[17]);
  });

  it("refuses impossible sizes, with what is possible", () => {
    expect(() => worldDataset({ size: "smal" as "small" })).toThrow(UsageError);
    const size = { users: 10, films: 100, interactions: 100, dialogues: 0 };
    expect(() => worldDataset({ size: { ...size, films: 3 } })).toThrow(/can't have 3 films/);
    expect(() => worldDataset({ size: { ...size, users: 1.5 } })).toThrow(UsageError);
    expect(() => worldDataset({ size: { ...size, interactions: 1000 } })).toThrow(/too many/);
    expect(worldDataset({ size }).users.keys.length).toBe(10);
  });
});

describe("its cold-start split", () => {
  const small = worldDataset({ size: { users: 2000, films: 1500, interactions: 150_000, dialogues: 0 } });
  const split = small.published!;
  const { users, items, times } = small.interactions;

  it("has no leak, and every kind of test case a thousand times over", () => {
    expect(findLeaks(small, split)).toEqual([]);
    const testers = { cold: new Set<number>(), warm: new Set<number>() };
    const early = { train: 0, validation: 0, test: 0 };
    let lateTraining = 0;
    split.parts.forEach((part, n) => {
      if (part === PART.unused) return;
      const isCold = split.coldItems[items[n]] === 1;
      if (part === PART.test) testers[isCold ? "cold" : "warm"].add(users[n]);
      if (times![n] >= KNOWLEDGE_CUTOFF) lateTraining += part === PART.train ? 1 : 0;
      else early[part === PART.train ? "train" : part === PART.validation ? "validation" : "test"]++;
    });
    expect(lateTraining).toBe(0);
    expect(early.test).toBe(0);
    expect(testers.cold.size).toBeGreaterThanOrEqual(1000);
    expect(testers.warm.size).toBeGreaterThanOrEqual(1000);
    expect(early.validation / (early.validation + early.train)).toBeCloseTo(0.1, 2);
  });

  it("divides the cold items in halves, no item in both", () => {
    const validation = new Set<number>();
    const test = new Set<number>();
    split.parts.forEach((part, n) => {
      if (split.coldItems[items[n]] === 0) return;
      if (part === PART.validation) validation.add(items[n]);
      if (part === PART.test) test.add(items[n]);
    });
    expect(Array.from(test).filter((item) => validation.has(item))).toEqual([]);
    expect(Math.abs(test.size - validation.size)).toBeLessThan(20);
    expect(split.coldItems.reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(400);
  });

  it("has no case of a user without training", () => {
    const trained = new Set<number>();
    split.parts.forEach((part, n) => part === PART.train && trained.add(users[n]));
    const strangers = users.filter((user, n) => split.parts[n] !== PART.unused && !trained.has(user));
    expect(strangers.length).toBe(0);
    expect(split.parts.filter((part) => part === PART.unused).length / users.length).toBeLessThan(0.1);
  });
});

describe("a streamed world", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "llmrec-world-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("has the rows of the world in memory, whatever the size of its files", async () => {
    const total = await streamWorld(folder, { size: "tiny", rowsPerFile: 1000 });
    const files = (await readdir(join(folder, "interactions"))).sort();
    expect(files.length).toBeGreaterThan(4);
    const rows: [string, string, number, number][] = [];
    for (const file of files) {
      const { user, item, rating, time } = await readParquet(join(folder, "interactions", file));
      for (let n = 0; n < user.length; n++)
        rows.push([user[n] as string, item[n] as string, Number(rating[n]), Number(time[n])]);
    }
    const { users, items, values, times } = tiny.interactions;
    expect(total).toBe(users.length);
    expect(rows).toEqual(
      Array.from(users, (user, n) => [
        tiny.users.keys[user],
        tiny.items.keys[items[n]],
        values![n],
        times![n],
      ]),
    );
    const table = await readParquet(join(folder, "items.parquet"));
    expect(table.title).toEqual(tiny.items.titles);
    expect(table.director).toEqual(tiny.items.texts.director);
    const lines = (await readFile(join(folder, "dialogues.jsonl"), "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(tiny.dialogues);
  });

  it("stops at a signal", async () => {
    const size = { users: 5000, films: 170, interactions: 5000, dialogues: 0 };
    const stopped = streamWorld(join(folder, "stopped"), { size, signal: AbortSignal.abort() });
    await expect(stopped).rejects.toThrow(InterruptedError);
  });
});
