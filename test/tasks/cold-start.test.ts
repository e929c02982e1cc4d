import { describe, expect, it } from "vitest";
import { silentProgress } from "../../src/core/progress.js";
import { Random } from "../../src/core/random.js";
import { PART, type Split } from "../../src/data/split.js";
import { hashSplit } from "../../src/data/splits/hash.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { evaluateColdStart } from "../../src/tasks/cold-start-evaluation.js";
import { COLD_START_SETTINGS, coldStartProtocol } from "../../src/tasks/cold-start-protocol.js";
import { listOf } from "../../src/tasks/evaluation.js";
import { datasetOf, gridDataset } from "../data/fixtures.js";

const context = { progress: silentProgress(), signal: new AbortController().signal, label: "test" };

/** Users 0 and 1; items 0-3 warm, 4-6 cold, 7 never used. */
function handMade() {
  const T = PART.train;
  const V = PART.validation;
  const E = PART.test;
  const rows: [number, number, number][] = [
    [0, 0, T],
    [0, 1, V],
    [0, 2, E],
    [0, 4, E],
    [0, 5, V],
    [1, 1, T],
    [1, 2, T],
    [1, 3, T],
    [1, 6, E],
    [0, 7, PART.unused],
  ];
  const dataset = datasetOf(rows.map(([user, item]) => [user, item]));
  const parts = Uint8Array.from(rows, (row) => row[2]);
  const coldItems = Uint8Array.of(0, 0, 0, 0, 1, 1, 1, 0);
  const coldUsers = new Uint8Array(2);
  const split: Split = {
    description: "by hand",
    parts,
    coldItems,
    coldUsers,
    byTime: false,
    hash: hashSplit(dataset, { parts, coldItems, coldUsers }),
  };
  return coldStartProtocol(dataset, split);
}

describe("coldStartProtocol", () => {
  it("ranks cold items, trained items, or both; items used nowhere in none", () => {
    const { candidates } = handMade();
    expect([...candidates.cold]).toEqual([4, 5, 6]);
    expect([...candidates.warm]).toEqual([0, 1, 2, 3]);
    expect([...candidates.overall]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it("shows a recommender training interactions only", () => {
    const { training } = handMade();
    expect([...training.interactions.items]).toEqual([0, 1, 2, 3]);
    expect([...training.matrix.indices]).toEqual([0, 1, 2, 3]);
    expect([...training.validation.warm.indices]).toEqual([1]);
    expect([...training.validation.cold.indices]).toEqual([5]);
  });

  it("refuses a split that leaks", () => {
    const dataset = gridDataset(6, 6, (user, item) => (user + item) % 2 === 0);
    const split = makeSplit(dataset, "cold-item", { share: 0.34 });
    expect(() => coldStartProtocol(dataset, { ...split, coldItems: split.coldItems.map(() => 1) })).toThrow(
      /cold item in training/,
    );
    expect(() => coldStartProtocol(dataset, makeSplit(dataset, "ratio", { test: 0.3 }))).toThrow(
      /no test interaction with a cold item/,
    );
  });
});

describe("evaluateColdStart", () => {
  it("gives the figures worked out by hand", async () => {
    // Higher item numbers score higher.
    const scores = Float32Array.from({ length: 8 }, (_, item) => item);
    const answer = (cases: readonly unknown[]) =>
      Promise.resolve(Float32Array.from(cases.flatMap(() => [...scores])));
    const { cases, values, lists } = await evaluateColdStart(handMade(), [1, 2], answer, context);
    expect(cases).toEqual(["u0", "u1"]);
    // User 0, cold: candidates 6, 4 (5 is known); 4 is relevant at rank 2. Warm: 3, 2; 2 relevant at rank 2.
    // Overall: 6, 4, 3, 2; relevant at ranks 2 and 4. User 1, cold: 6 at rank 1; no warm test item.
    expect([...values["recall@1/cold"]]).toEqual([0, 1]);
    expect([...values["recall@2/cold"]]).toEqual([1, 1]);
    expect([...values["recall@2/warm"]]).toEqual([1, NaN]);
    expect([...values["recall@2/overall"]]).toEqual([0.5, NaN]);
    expect(values["ndcg@2/overall"][0]).toBeCloseTo(1 / Math.log2(3) / (1 + 1 / Math.log2(3)), 12);
    expect([...listOf(lists.cold, 0)]).toEqual([6, 4]);
    expect([...listOf(lists.overall, 0)]).toEqual([6, 4]);
    expect([...listOf(lists.warm, 1)]).toEqual([]);
  });

  it("gives equal scores their expected rank: a constant model is a random one", async () => {
    const protocol = handMade();
    const answer = (cases: readonly unknown[]) => Promise.resolve(new Float32Array(cases.length * 8));
    const { values } = await evaluateColdStart(protocol, [1], answer, context);
    expect([...values["recall@1/cold"]]).toEqual([1 / 2, 1 / 3]);
    expect(values["recall@1/warm"][0]).toBe(1 / 2);
  });

  it("agrees with a brute-force ranking, whatever the block size", async () => {
    const dataset = gridDataset(60, 40, (user, item) => (user * 13 + item * 7 + ((user * item) % 3)) % 6 < 2);
    const split = makeSplit(dataset, "cold-item", { share: 0.3 });
    const protocol = coldStartProtocol(dataset, split);
    const random = Random.fromSeed(1);
    const table = Float32Array.from({ length: 60 * 40 }, () => random.int(1000));
    const answer = (cases: readonly { user: number }[]) =>
      Promise.resolve(
        Float32Array.from(cases.flatMap(({ user }) => [...table.subarray(user * 40, (user + 1) * 40)])),
      );
    const { values } = await evaluateColdStart(protocol, [5], answer, context);
    const pairs = (user: number, parts: number[]) =>
      new Set(
        Array.from(dataset.interactions.items).filter(
          (_, p) => dataset.interactions.users[p] === user && parts.includes(split.parts[p]),
        ),
      );
    for (const setting of COLD_START_SETTINGS) {
      protocol.cases.forEach(({ user }, position) => {
        const cold = (item: number) => split.coldItems[item] === 1;
        const inSetting = (item: number) => setting === "overall" || cold(item) === (setting === "cold");
        const known = pairs(user, [PART.train, PART.validation]);
        const truth = [...pairs(user, [PART.test])].filter(inSetting);
        const both = new Set([...pairs(user, [PART.test])].map(cold)).size === 2;
        const found = values[`recall@5/${setting}`][position];
        if (truth.length === 0 || (setting === "overall" && !both)) {
          expect(found).toBeNaN();
          return;
        }
        const ranked = [...protocol.candidates[setting]]
          .filter((item) => !known.has(item))
          .sort((a, b) => table[user * 40 + b] - table[user * 40 + a]);
        const scoresOf = ranked.map((item) => table[user * 40 + item]);
        if (scoresOf[4] === scoresOf[5]) return;
        expect(found).toBeCloseTo(
          truth.filter((item) => ranked.slice(0, 5).includes(item)).length / truth.length,
          12,
        );
      });
    }
  });

  it("refuses a score that is not finite, naming recommender, user and item", async () => {
    const answer = (cases: readonly unknown[]) =>
      Promise.resolve(new Float32Array(cases.length * 8).fill(NaN));
    await expect(evaluateColdStart(handMade(), [1], answer, context)).rejects.toThrow(
      /item 4 in case test, user u0 is NaN/,
    );
  });
});
