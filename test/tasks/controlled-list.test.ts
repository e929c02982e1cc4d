import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { silentProgress } from "../../src/core/progress.js";
import type { Dataset } from "../../src/data/dataset.js";
import { PART, type Split } from "../../src/data/split.js";
import { hashSplit } from "../../src/data/splits/hash.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { worldDataset } from "../../src/data/world/world.js";
import {
  type ControlledListCase,
  type ListPlan,
  type ListReading,
  withPlans,
} from "../../src/tasks/controlled-list.js";
import { controlledListOptions, controlledListProtocol } from "../../src/tasks/controlled-list-protocol.js";
import { prepareControlledList } from "../../src/tasks/controlled-list-task.js";
import { datasetOf } from "../data/fixtures.js";

const context = { progress: silentProgress(), signal: new AbortController().signal, label: "test" };
const lists = (found: { toArray(): { history: Int32Array; future: Int32Array }[] }) =>
  found.toArray().map(({ history, future }) => [[...history], [...future]]);

/** [user, item, time, part, rating?] rows; item i has the first genre i % 3 and the second 3. */
function handMade(rows: readonly (readonly number[])[]): { dataset: Dataset; split: Split } {
  const plain = datasetOf(rows);
  const values = rows.every((row) => row.length > 4) ? Float32Array.from(rows, (row) => row[4]) : null;
  const dataset = {
    ...plain,
    items: {
      ...plain.items,
      categoryNames: ["a", "b", "c", "d"],
      categories: plain.items.keys.map((_, item) => [item % 3, 3]),
    },
    interactions: { ...plain.interactions, values },
  };
  const parts = Uint8Array.from(rows, (row) => row[3]);
  const coldItems = new Uint8Array(dataset.items.keys.length);
  const coldUsers = new Uint8Array(dataset.users.keys.length);
  const hash = hashSplit(dataset, { parts, coldItems, coldUsers });
  return { dataset, split: { description: "by hand", parts, coldItems, coldUsers, byTime: false, hash } };
}

const { train: T, validation: V, test: E, unused: U } = PART;

describe("controlledListProtocol", () => {
  const options = controlledListOptions.parse({ history: 2, future: 2, genres: [] });

  it("cuts likes in order of time into windows of one part", () => {
    // One user whose likes are items 0 to 11 in order of time, but stored backwards; item 12 is disliked, 13 unused.
    const parts = [T, T, T, T, T, V, V, V, E, E, E, E];
    const rows = parts.map((part, n) => [0, n, 10 * n, part, 5]).reverse();
    const { dataset, split } = handMade([...rows, [0, 12, 15, T, 3], [0, 13, 25, U, 5]]);
    const { training, test } = controlledListProtocol(dataset, split, options);
    expect(training.sequences).toEqual([
      { user: 0, items: Int32Array.of(0, 1, 2, 3, 4), times: Float64Array.of(0, 10, 20, 30, 40) },
    ]);
    expect(lists(training.windows)).toEqual([
      [
        [0, 1],
        [2, 3],
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(lists(training.validation)).toEqual([
      [
        [3, 4],
        [5, 6],
      ],
      [
        [4, 5],
        [6, 7],
      ],
    ]);
    expect(test.map(({ history, future }) => [[...history], [...future]])).toEqual([
      [
        [6, 7],
        [8, 9],
      ],
      [
        [7, 8],
        [9, 10],
      ],
      [
        [8, 9],
        [10, 11],
      ],
    ]);
    expect([...test[1].past]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(test[1].time).toBe(80);
  });

  it("is the next-item task with one future item and histories of any length", () => {
    const rows = [0, 1, 2, 3].flatMap((user) =>
      Array.from({ length: user + 2 }, (_, n) => [user, (user + n) % 5, n, 0]),
    );
    const { dataset } = handMade(rows);
    const split = makeSplit(dataset, "leave-last-out");
    const next = controlledListOptions.parse({ history: 3, minHistory: 1, future: 1, genres: [] });
    const { training, test } = controlledListProtocol(dataset, split, next);
    expect(test.map(({ user, history, future }) => [user, [...history], [...future]])).toEqual([
      [1, [1, 2], [3]],
      [2, [2, 3, 4], [0]],
      [3, [4, 0, 1], [2]],
    ]);
    expect(lists(training.validation)).toEqual([
      [[1], [2]],
      [[2, 3], [4]],
      [[3, 4, 0], [1]],
    ]);
    // User 0 is too short to be held out and stays in training.
    expect(lists(training.windows)).toEqual([
      [[0], [1]],
      [[2], [3]],
      [[3], [4]],
      [[3, 4], [0]],
    ]);
  });

  it("keeps every test target out of all training and validation windows", () => {
    const row = fc.tuple(fc.nat(2), fc.nat(14), fc.nat(20), fc.constantFrom(T, V, E, U));
    let checked = 0;
    fc.assert(
      fc.property(fc.uniqueArray(row, { selector: ([u, i]) => u * 100 + i, minLength: 20 }), (rows) => {
        const { dataset, split } = handMade(rows);
        let protocol;
        try {
          protocol = controlledListProtocol(dataset, split, options);
        } catch {
          return; // No window in one of the parts.
        }
        checked++;
        const { training, test } = protocol;
        const key = (user: number, item: number) => `${user}/${item}`;
        const targets = new Set(test.flatMap(({ user, future }) => Array.from(future, (i) => key(user, i))));
        for (const windows of [training.windows, training.validation]) {
          for (const { user, history, future, past } of windows.toArray()) {
            for (const item of [...history, ...future, ...past])
              expect(targets.has(key(user, item))).toBe(false);
          }
        }
        const known = new Set(rows.filter((r) => r[3] === T).map((r) => key(r[0], r[1])));
        for (const { user, items } of training.sequences) {
          for (const item of items) expect(known.has(key(user, item))).toBe(true);
        }
        const timeOf = new Map(rows.map((r) => [key(r[0], r[1]), r[2]]));
        for (const { user, past, future } of test) {
          const times = [...past, ...future].map((item) => timeOf.get(key(user, item)) ?? NaN);
          expect(times).toEqual([...times].sort((a, b) => a - b));
        }
      }),
      { seed: 1, numRuns: 300 },
    );
    expect(checked).toBeGreaterThan(20);
  });

  it("trains on sampled windows alone where asked to", () => {
    const dataset = worldDataset({ size: "tiny" });
    const split = makeSplit(dataset, "windows", { history: 5, future: 3 });
    const few = controlledListOptions.parse({ history: 5, future: 3, trainWindows: 20, cases: 7 });
    const { training, test } = controlledListProtocol(dataset, split, few);
    const all = controlledListProtocol(
      dataset,
      split,
      controlledListOptions.parse({ history: 5, future: 3 }),
    );
    expect([training.windows.length, training.validation.length, test.length]).toEqual([20, 7, 7]);
    expect(training.sequences.map(({ items }) => [...items])).toEqual(
      training.windows.toArray().map(({ history, future }) => [...history, ...future]),
    );
    expect(all.training.windows.length).toBeGreaterThan(100);
    expect(training.hash).not.toBe(all.training.hash);
  });

  it("refuses what can't be asked", () => {
    const { dataset, split } = handMade([0, 1, 2, 3, 4].map((n) => [0, n, n, T]));
    expect(() => controlledListProtocol(dataset, split, options)).toThrow(
      "the test part has no window of 2 + 2 likes",
    );
    const four = { ...options, genres: [2, 4] };
    expect(() => controlledListProtocol(dataset, split, four)).toThrow(
      "lists of 4 genres are asked for, and the items of fixture have 3",
    );
  });
});

describe("the split windows", () => {
  it("begins the parts at quantiles of the windows' first future items", () => {
    // Two users of 30 likes, one a second; the windows of 2 + 1 begin at 2 to 29 and 32 to 59: 56 of them.
    const rows = Array.from({ length: 60 }, (_, n) => [n < 30 ? 0 : 1, n, n]);
    const dataset = datasetOf(rows);
    const { parts, byTime } = makeSplit(dataset, "windows", {
      history: 2,
      future: 1,
      validation: 0.25,
      test: 0.25,
    });
    expect(byTime).toBe(true);
    // The 28th window (from 0) begins at 32, the 42nd at 46.
    expect([...parts]).toEqual(rows.map(([, , time]) => (time < 32 ? T : time < 46 ? V : E)));
    expect(() => makeSplit(dataset, "windows", { history: 30 })).toThrow(
      "no user of fixture has 30 + 10 likes",
    );
  });
});

describe("the task controlled-list", () => {
  // Two users like items 0 to 7 and 1 to 8; the last two are test.
  const rows = [0, 1].flatMap((user) =>
    Array.from({ length: 8 }, (_, n) => [user, user + n, n, n < 6 ? T : E]),
  );
  const { dataset, split } = handMade(rows);
  const prepared = prepareControlledList(dataset, split, [3], { history: 2, future: 2, genres: [2] });

  it("measures ordered lists by hand-computed values, in every setting", async () => {
    const asked: ControlledListCase[][] = [];
    const {
      cases,
      values,
      lists: answered,
    } = await prepared.evaluate((block) => {
      asked.push([...block]);
      // Targets are 6, 7 and 7, 8. First genres of 7, 7, 2: b, b, c; of -1, 8: none, c.
      return Promise.resolve([Int32Array.of(7, 7, 2, 6), Int32Array.of(-1, 8)]);
    }, context);
    expect(cases).toEqual(["u0 6", "u1 6"]);
    expect(asked.map((block) => block.map(({ genres, length }) => [genres, length]))).toEqual([
      [
        [null, 3],
        [null, 3],
      ],
      [
        [2, 3],
        [2, 3],
      ],
    ]);
    expect(asked[0][1]).toMatchObject({
      user: 1,
      history: Int32Array.of(5, 6),
      seen: Int32Array.of(1, 2, 3, 4, 5, 6),
    });
    const ideal = 1 + 1 / Math.log2(3);
    expect([...values["ndcg@3"]]).toEqual([
      expect.closeTo(1 / ideal, 12) as number,
      expect.closeTo(1 / Math.log2(3) / ideal, 12) as number,
    ]);
    expect([...values["recall@3"]]).toEqual([0.5, 0.5]);
    const all = ideal + 1 / 2;
    expect([...values["dlcrec-ndcg@3"]]).toEqual([
      expect.closeTo(ideal / all, 12) as number,
      expect.closeTo(1 / Math.log2(3) / all, 12) as number,
    ]);
    expect([...values["dlcrec-hr@3"]].map((x) => x * 3)).toEqual([2, 1]);
    expect([...values["cov@3"]]).toEqual([2, 1]);
    expect([...values["repeats@3"]].map((x) => x * 3)).toEqual([1, 0]);
    expect([...values["control-error@3/n=2"]]).toEqual([0, 1]);
    expect(values["control-error@3"]).toBeUndefined();
    expect([...answered["n=2"].items]).toEqual([7, 7, 2, -1, 8, -1]);
    expect(prepared.pooled({ cases, values, lists: answered })["coverage@3/n=2"]).toBeCloseTo(3 / 9, 12);
    expect([...(prepared.clusters ?? [])]).toEqual([0, 1]);
  });

  it("counts what is missing from an exact set and what should not be there", async () => {
    const asked: unknown[] = [];
    const sets = prepareControlledList(dataset, split, [3], {
      ...{ history: 2, future: 2 },
      genres: [[" C", "b"], ["a"]],
    });
    const { values, lists: answered } = await sets.evaluate((block) => {
      asked.push(block[0].genres);
      // First genres: b, b, c and none, c.
      return Promise.resolve([Int32Array.of(7, 7, 2, 6), Int32Array.of(-1, 8)]);
    }, context);
    expect(asked).toEqual([null, new Set([2, 1]), new Set([0])]);
    expect([...values["control-error@3/n=c+b"]]).toEqual([0, 1]);
    expect([...values["control-error@3/n=a"]]).toEqual([3, 2]);
    expect([...values["cov@3/n=a"]]).toEqual([2, 1]);
    expect(Object.keys(answered)).toEqual(["free", "n=c+b", "n=a"]);
    expect(sets.mainMetrics.slice(3)).toEqual([
      "ndcg@3/n=c+b",
      "control-error@3/n=c+b",
      "ndcg@3/n=a",
      "control-error@3/n=a",
    ]);
  });

  it("counts all genres of an item where they are asked for", async () => {
    const all = prepareControlledList(dataset, split, [3], {
      ...{ history: 2, future: 2, genresOf: "all" },
      genres: [2, ["d", "b"]],
    });
    expect(all.notes[0]).toContain("All genres of an item count.");
    const { values } = await all.evaluate(
      // Genres: b, d twice, c, d; and a, d.
      () => Promise.resolve([Int32Array.of(7, 7, 2), Int32Array.of(-1, 6)]),
      context,
    );
    expect([...values["cov@3"]]).toEqual([3, 2]);
    expect([...values["control-error@3/n=2"]]).toEqual([1, 0]);
    // c is too much; a is too much and b is missing.
    expect([...values["control-error@3/n=d+b"]]).toEqual([1, 2]);
    // 1 - Jaccard of {b, d} with nothing, itself, and of {c, d} with {b, d}: 1, 0, 2 / 3.
    expect(values["dlcrec-div@3"][0]).toBeCloseTo((1 + 0 + 2 / 3) / 3, 12);
  });

  it("refuses genres that nobody has or that a list has no room for", () => {
    const of = (genres: unknown[], more = {}) =>
      prepareControlledList(dataset, split, [2], { history: 2, future: 2, genres, ...more });
    expect(() => of([["a", "bb"]])).toThrow(
      expect.objectContaining({
        ...{ code: "UNKNOWN_GENRE", exit: 2 },
        hint: expect.stringContaining("Did you mean b?") as string,
      }) as Error,
    );
    // What nobody asked for is not refused: of 2, 5 and 8 genres a list of two has room for 2.
    const usual = prepareControlledList(dataset, split, [2], { history: 2, future: 2 });
    expect(usual.mainMetrics.slice(3)).toEqual(["ndcg@2/n=2", "control-error@2/n=2"]);
    // d is nobody's first genre.
    expect(() => of([["d"]])).toThrow('no item of fixture has the genre "d"');
    expect(() => of([["d"]], { genresOf: "all" })).not.toThrow();
    expect(() => of([2, 3])).toThrow(
      expect.objectContaining({
        code: "TOO_MANY_GENRES",
        message: "3 genres can't stand in a list of 2",
      }) as Error,
    );
    expect(() => of([["a", "b", "c"]])).toThrow("3 genres can't stand in a list of 2");
    expect(() => of([3], { genresOf: "all" })).not.toThrow();
    expect(() => of([5], { genresOf: "all" })).toThrow("the items of fixture have 4");
  });

  it("tells a control the targets of any case that it asked for, and of no other", async () => {
    const told: number[][] = [];
    await prepared.evaluate((block) => {
      for (const one of block) told.push(Array.from(prepared.targets!(one)));
      return Promise.resolve(block.map(() => Int32Array.of(0)));
    }, context);
    expect(told).toEqual([
      [6, 7],
      [7, 8],
      [6, 7],
      [7, 8],
    ]);
    const stranger = { user: 0, history: Int32Array.of(4, 5) } as ControlledListCase;
    expect(() => prepared.targets!(stranger)).toThrow("no case of the task");
  });

  it("takes what could not be read for not obeyed", async () => {
    // First genres of the lists 7, 2, 6 and 8, 5, -1: b, c, a and c, c, none; of the targets: a, b and b, c.
    const lists = [Int32Array.of(7, 2, 6), Int32Array.of(8, 5, -1)];
    const plansOf = async (plans: ListPlan[], readings: ListReading[]) =>
      (await prepared.evaluate(() => Promise.resolve(withPlans(lists, { plans, readings })), context)).values;
    const obeyed = await plansOf(
      [
        { genres: [1, 2], told: 2, slots: [1, 2, 1] },
        { genres: [2, 0, 1], told: 3, slots: [2, 2, 0] },
      ],
      [{ gp: 0, gf: 0, list: 0 }, { gp: 0.25 }],
    );
    expect([...obeyed["plan-error/n=2"]]).toEqual([0, 1]);
    expect([...obeyed["slot-error/n=2"]]).toEqual([0, 1]);
    expect([...obeyed["match-plan@3/n=2"]].map((share) => share * 3)).toEqual([2, 2]);
    expect([...obeyed["gp-unreadable/n=2"]]).toEqual([0, 0.25]);
    expect([...obeyed["gf-unreadable/n=2"]]).toEqual([0, NaN]);
    // The first answer of GP names no genre, and the second of GF has no place: two genres stood in for the one, three were told to the other.
    const unread = await plansOf(
      [
        { genres: [], told: 2, slots: [1, -1, -1] },
        { genres: [2, 0, 1], told: 3, slots: [-1, -1, -1] },
      ],
      [
        { gp: 1, gf: 2 / 3 },
        { gp: 0, gf: 1 },
      ],
    );
    expect([...unread["plan-error/n=2"]]).toEqual([2, 1]);
    expect([...unread["plan-recall/n=2"]]).toEqual([0, 1]);
    expect([...unread["slot-error/n=2"]]).toEqual([2, 3]);
    expect([...unread["slot-recall/n=2"]]).toEqual([0, 0]);
    expect([...unread["match-plan@3/n=2"]].map((share) => share * 3)).toEqual([1, 0]);
    expect([...unread["gf-unreadable/n=2"]]).toEqual([2 / 3, 1]);
  });

  it("refuses lists of items that do not exist, and a wrong number of lists", async () => {
    const of = (answers: Int32Array[]) => prepared.evaluate(() => Promise.resolve(answers), context);
    await expect(of([Int32Array.of(1)])).rejects.toThrow("1 lists for 2 cases");
    await expect(of([Int32Array.of(9), Int32Array.of(1)])).rejects.toThrow("item 9 of 9");
  });
});
