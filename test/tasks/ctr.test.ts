import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { silentProgress } from "../../src/core/progress.js";
import type { Dataset } from "../../src/data/dataset.js";
import { PART, type Split } from "../../src/data/split.js";
import { hashSplit } from "../../src/data/splits/hash.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { evaluateCtr } from "../../src/tasks/ctr-evaluation.js";
import { likeThreshold } from "../../src/data/likes.js";
import { ctrOptions, ctrProtocol } from "../../src/tasks/ctr-protocol.js";
import { defaultCtrSplit, prepareCtr } from "../../src/tasks/ctr-task.js";
import { datasetOf } from "../data/fixtures.js";

const context = { progress: silentProgress(), signal: new AbortController().signal, label: "test" };
const options = ctrOptions.parse({});

/** [user, item, rating, time, part] rows. */
function handMade(
  rows: readonly (readonly number[])[],
  withTimes = true,
): { dataset: Dataset; split: Split } {
  const plain = datasetOf(
    rows.map(([user, item, , time]) => (withTimes ? [user, item, time] : [user, item])),
  );
  const values = Float32Array.from(rows, (row) => row[2]);
  const dataset = { ...plain, interactions: { ...plain.interactions, values } };
  const parts = Uint8Array.from(rows, (row) => row[4]);
  const coldItems = new Uint8Array(dataset.items.keys.length);
  const coldUsers = new Uint8Array(dataset.users.keys.length);
  const hash = hashSplit(dataset, { parts, coldItems, coldUsers });
  return { dataset, split: { description: "by hand", parts, coldItems, coldUsers, byTime: false, hash } };
}

const { train: T, validation: V, test: E } = PART;
const ROWS = [
  [0, 0, 5, 10, T],
  [0, 1, 2, 20, T],
  [0, 2, 4, 30, T],
  [0, 3, 1, 30, T],
  [0, 4, 5, 40, V],
  [0, 5, 5, 50, E],
  [0, 6, 1, 40, E],
  [1, 0, 3, 60, E],
  [1, 1, 5, 70, E],
];

describe("ctrProtocol", () => {
  it("labels by the threshold and gives each case what was rated strictly before it, newest first", () => {
    const { dataset, split } = handMade(ROWS);
    const { training, test, caseOf, warm } = ctrProtocol(dataset, split, options);
    expect([...training.rows.labels]).toEqual([1, 0, 1, 0]);
    expect([...training.validation.labels]).toEqual([1]);
    expect([...test.labels]).toEqual([1, 0, 0, 1]);
    expect(caseOf(0)).toMatchObject({
      user: 0,
      item: 5,
      liked: Int32Array.of(4, 2, 0),
      disliked: Int32Array.of(3, 1),
    });
    // The pair of the same second is no history.
    expect(caseOf(1)).toMatchObject({ liked: Int32Array.of(2, 0), disliked: Int32Array.of(3, 1) });
    // Test pairs are in no history: this user has rated something in the test part before.
    expect(caseOf(3)).toMatchObject({ liked: new Int32Array(0), disliked: new Int32Array(0) });
    expect([...warm]).toEqual([1, 1, 0, 0]);
  });

  it("gives training rows the training pairs before them, and keeps to the length asked for", () => {
    const { dataset, split } = handMade(ROWS);
    const { training } = ctrProtocol(dataset, split, { history: 1 });
    const { rows, validation } = training;
    const of = (n: number) => training.historyBefore(rows.users[n], rows.times[n]);
    expect([0, 1, 2, 3].map((n) => [[...of(n).liked], [...of(n).disliked]])).toEqual([
      [[], []],
      [[0], []],
      [[0], [1]],
      [[0], [1]],
    ]);
    expect(training.historyBefore(0, validation.times[0])).toEqual({
      liked: Int32Array.of(2),
      disliked: Int32Array.of(3),
    });
  });

  it("orders pairs without times at random, validation after training and test after all", () => {
    const { dataset, split } = handMade(ROWS, false);
    const { training, caseOf } = ctrProtocol(dataset, split, options);
    const sorted = [...training.rows.times].sort((a, b) => a - b);
    expect(sorted).toEqual([0, 1, 2, 3]);
    expect(training.validation.times[0]).toBe(4);
    expect([...caseOf(0).liked].sort()).toEqual([0, 2, 4]);
    expect(caseOf(0).liked[0]).toBe(4);
    const lengths = [0, 1, 2, 3].map((n) => {
      const { liked, disliked } = training.historyBefore(0, training.rows.times[n]);
      return liked.length + disliked.length;
    });
    expect(lengths.sort()).toEqual([0, 1, 2, 3]);
  });

  it("never shows a label of the target, of its moment, or of the test part", () => {
    const row = fc.tuple(
      fc.nat(3),
      fc.nat(12),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(15),
      fc.constantFrom(T, V, E),
    );
    fc.assert(
      fc.property(fc.uniqueArray(row, { selector: ([u, i]) => u * 100 + i, minLength: 12 }), (rows) => {
        const { dataset, split } = handMade(rows);
        const labels = rows.map((r) => r[2] >= 4);
        const both = (part: number) => new Set(labels.filter((_, n) => rows[n][4] === part)).size === 2;
        fc.pre(both(T) && both(E));
        const { caseOf, test, training } = ctrProtocol(dataset, split, { history: 20 });
        const allowed = (user: number, time: number, parts: number[], liked: boolean) =>
          rows
            .filter((r) => r[0] === user && r[3] < time && parts.includes(r[4]) && r[2] >= 4 === liked)
            .map((r) => r[1])
            .sort();
        test.users.forEach((_, n) => {
          const { user, time, liked, disliked } = caseOf(n);
          expect([...liked].sort()).toEqual(allowed(user, time, [T, V], true));
          expect([...disliked].sort()).toEqual(allowed(user, time, [T, V], false));
        });
        training.rows.users.forEach((user, n) => {
          const { liked, disliked } = training.historyBefore(user, training.rows.times[n]);
          expect([...liked].sort()).toEqual(allowed(user, training.rows.times[n], [T], true));
          expect([...disliked].sort()).toEqual(allowed(user, training.rows.times[n], [T], false));
        });
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it("refuses one class, a leaking split, and values of no known scale", () => {
    const { dataset, split } = handMade(ROWS);
    const refuses = (change: (row: readonly number[]) => number) => {
      const changed = handMade(ROWS.map((row) => [row[0], row[1], change(row), row[3], row[4]]));
      return () => ctrProtocol(changed.dataset, changed.split, options);
    };
    expect(refuses((row) => (row[4] === T ? 5 : row[2]))).toThrow(
      "the 4 training pairs are all likes (from 4 up: liked)",
    );
    expect(refuses((row) => (row[4] === E ? 1 : row[2]))).toThrow("the 4 test pairs are all dislikes");
    expect(() => ctrProtocol(dataset, { ...split, coldUsers: Uint8Array.of(1, 0) }, options)).toThrow(
      /cold user in training/,
    );
    const clicks = { ...dataset, interactions: { ...dataset.interactions, values: null } };
    expect(() => ctrProtocol(clicks, split, options)).toThrow("all likes: the data have no values");
    const scaled = (factor: number) => ({
      ...dataset,
      interactions: { ...dataset.interactions, values: dataset.interactions.values!.map((v) => v * factor) },
    });
    expect([0.2, 1, 2].map((factor) => likeThreshold(scaled(factor)))).toEqual([1, 4, 6]);
    expect(() => likeThreshold(scaled(100))).toThrow(/isn't clear which of them are likes/);
    expect(likeThreshold(scaled(100), 300)).toBe(300);
  });
});

describe("the task ctr", () => {
  it("splits by time where there are times", () => {
    expect(defaultCtrSplit(handMade(ROWS).dataset)).toBe("global-time");
    expect(defaultCtrSplit(handMade(ROWS, false).dataset)).toBe("ratio");
  });

  it("gives the figures worked out by hand, with intervals of users", async () => {
    const { dataset, split } = handMade(ROWS);
    const task = prepareCtr(dataset, split, [20], {});
    const evaluation = await task.evaluate(
      () => Promise.resolve(Float64Array.of(0.9, 0.9, 0.25, 0.75)),
      context,
    );
    expect(evaluation.cases).toEqual(["u0 i5", "u0 i6", "u1 i0", "u1 i1"]);
    // Positives .9, .75; negatives .9, .25: won 0.5 + 1 + 0 + 1 of 4. Within users: .5 and 1.
    const pooled = task.pooled(evaluation);
    expect(pooled).toMatchObject({ auc: 2.5 / 4, gauc: 0.75, "auc/warm": 0.5, "auc/cold": 1 });
    expect(evaluation.values["log-loss"][1]).toBeCloseTo(-Math.log(0.1), 12);
    expect([...evaluation.values["brier/cold"]]).toEqual([NaN, NaN, 0.0625, 0.0625]);
    expect([...evaluation.values["absolute-error"]].map((error) => 1 - error)).toEqual([
      ...[0.9, 0.1].map((p) => expect.closeTo(p, 12) as number),
      ...[0.75, 0.75],
    ]);
    expect([...task.clusters!]).toEqual([0, 0, 1, 1]);
    const details = task.pooledDetails!([evaluation]);
    // A resample of user 0 alone has .5, of user 1 alone 1.
    expect(details.auc).toEqual({ n: 4, ci95: [0.5, 1] });
    expect(details.gauc).toEqual({ n: 4, ci95: [0.5, 1] });
    expect(details["auc/cold"].n).toBe(2);
    expect(details.ece.ci95).toBeNull();
  });

  it("refuses answers that are no probabilities, naming recommender, user and item", async () => {
    const { dataset, split } = handMade(ROWS);
    const protocol = ctrProtocol(dataset, split, options);
    const answering = (value: number) =>
      evaluateCtr(protocol, (cases) => Promise.resolve(new Float32Array(cases.length).fill(value)), context);
    await expect(answering(1.5)).rejects.toThrow(
      "the answer of test for user u0, item i5 is 1.5, not within 0..1",
    );
    await expect(answering(NaN)).rejects.toMatchObject({ code: "NOT_FINITE", exit: 3 });
    await expect(evaluateCtr(protocol, () => Promise.resolve(new Float32Array(1)), context)).rejects.toThrow(
      /1 probabilities for 4 cases/,
    );
  });

  it("refuses unknown options of the task", () => {
    const { dataset } = handMade(ROWS);
    const attempt = () =>
      prepareCtr(dataset, makeSplit(dataset, "global-time", { test: 0.4 }), [20], { treshold: 4 });
    expect(attempt).toThrow(/treshold/);
  });
});
