import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeSafetensors } from "../../../src/core/safetensors.js";
import { als, fitAls } from "../../../src/recommenders/factorisation/als.js";
import type { Factors } from "../../../src/recommenders/factorisation/factors.js";
import { contextOf, dense, matrixOf, randomMatrix, scoresOf, trainingOf } from "../support.js";

const matrix = randomMatrix(21, 40, 30, 0.15, 3);
const train = trainingOf(matrix);
const options = { factors: 5, regularization: 0.3, scaling: 0.5, alpha: 4, iterations: 8, cgSteps: 3 };
const context = contextOf("als");

/** A row with n entries is regularised by lambda n^scaling. */
const ridge = (count: number) => options.regularization * Math.sqrt(count);

const row = (values: Float32Array, n: number, size: number) =>
  Array.from(values.subarray(n * size, (n + 1) * size));
const dot = (a: number[], b: number[]) => a.reduce((sum, value, n) => sum + value * b[n], 0);

/** Equation 3 of Hu, Koren and Volinsky with scaled ridges, over all pairs, by plain loops. */
function objective({ size, users, items }: Factors): number {
  let sum = 0;
  dense(matrix).forEach((entries, u) => {
    entries.forEach((p, i) => {
      sum += (1 + options.alpha * p) * (p - dot(row(users, u, size), row(items, i, size))) ** 2;
    });
  });
  const rows = dense(matrix);
  const counts = [
    rows.map((entries) => entries.reduce((a, b) => a + b, 0)),
    rows[0].map((_, i) => rows.reduce((a, entries) => a + entries[i], 0)),
  ];
  [users, items].forEach((side, n) => {
    side.forEach((value, at) => (sum += ridge(counts[n][Math.floor(at / size)]) * value * value));
  });
  return sum;
}

describe("als", () => {
  it("lowers the objective in every sweep", async () => {
    const values: number[] = [];
    await fitAls(train, options, context, (factors) => values.push(objective(factors)));
    expect(values).toHaveLength(8);
    values.slice(1).forEach((value, n) => {
      expect(value).toBeLessThan(values[n]);
    });
  });

  it.each([5, 18])("fulfils the items' normal equations at a sweep's end (size %i)", async (size) => {
    const { users, items } = await fitAls(train, { ...options, factors: size, cgSteps: 40 }, context);
    const x = dense(matrix);
    for (let i = 0; i < matrix.columns; i++) {
      const item = row(items, i, size);
      const count = x.reduce((sum, entries) => sum + entries[i], 0);
      const gradient = item.map((value) => ridge(count) * value);
      x.forEach((entries, u) => {
        const user = row(users, u, size);
        const confidence = 1 + options.alpha * entries[i];
        user.forEach((value, d) => (gradient[d] -= confidence * (entries[i] - dot(user, item)) * value));
      });
      for (const value of gradient) expect(Math.abs(value)).toBeLessThan(2e-4);
    }
  });

  it("restores a block structure", async () => {
    const blocks = matrixOf(
      Array.from({ length: 20 }, (_, u) =>
        Array.from({ length: 20 }, (_, i) => (u < 10 === i < 10 && (u + i) % 3 !== 0 ? 1 : 0)),
      ),
    );
    const scores = await scoresOf(als, trainingOf(blocks), { ...options, factors: 2 });
    scores.forEach((values, u) => {
      const unseen = (inside: boolean) =>
        values.filter((_, i) => (u < 10 === i < 10) === inside && dense(blocks)[u][i] === 0);
      expect(Math.min(...unseen(true))).toBeGreaterThan(Math.max(...unseen(false)));
    });
  });

  it("scores by inner products of the stage's factors", async () => {
    const { size, users, items } = await fitAls(train, options, contextOf("als", 7));
    const scores = await scoresOf(als, train, options, contextOf("als", 7));
    scores.forEach((values, u) => {
      values.forEach((value, i) => {
        expect(value).toBeCloseTo(dot(row(users, u, size), row(items, i, size)), 5);
      });
    });
  });

  it("gives the same scores whatever the block", async () => {
    const fitted = await als.fit(train, { ...options, factors: 48 }, context);
    const cases = Array.from({ length: 40 }, (_, user) => ({ user }));
    const whole = await fitted.answer(cases, context);
    for (const length of [1, 2, 3, 5, 7, 13, 39]) {
      for (let from = 0; from < 40; from += length) {
        const block = await fitted.answer(cases.slice(from, from + length), context);
        expect(block).toEqual(whole.slice(from * 30, from * 30 + block.length));
      }
    }
  });

  describe("factors from outside", () => {
    const write = async (tensors: Parameters<typeof writeSafetensors>[1]) => {
      const file = join(mkdtempSync(join(tmpdir(), "llmrec-als-")), "given.safetensors");
      await writeSafetensors(file, tensors);
      return file;
    };
    const tensor = (rows: number, size: number, value = 1) => ({
      shape: [rows, size],
      data: new Float32Array(rows * size).fill(value),
    });

    it("stand in for the fit", async () => {
      const file = await write({ user_factors: tensor(40, 2, 3), item_factors: tensor(30, 2, 0.5) });
      const scores = await scoresOf(als, train, {}, contextOf("als", 1, new Map([["als.factors", file]])));
      expect(new Set(scores.flat())).toEqual(new Set([3]));
    });

    it.each([
      [
        "another number of users",
        { user_factors: tensor(39, 2), item_factors: tensor(30, 2) },
        "found Float32Array [39, 2]",
      ],
      ["no items", { user_factors: tensor(40, 2) }, "found nothing"],
      [
        "unequal sizes",
        { user_factors: tensor(40, 2), item_factors: tensor(30, 3) },
        "user rows have 2 numbers",
      ],
      ["a NaN", { user_factors: tensor(40, 2, NaN), item_factors: tensor(30, 2) }, "isn't finite"],
    ])("are refused with %s", async (_, tensors, message) => {
      const file = await write(tensors);
      const given = contextOf("als", 1, new Map([["als.factors", file]]));
      await expect(scoresOf(als, train, {}, given)).rejects.toMatchObject({
        code: "BAD_FACTORS",
        exit: 3,
        message: expect.stringContaining(message) as string,
        place: { file },
      });
    });
  });
});
