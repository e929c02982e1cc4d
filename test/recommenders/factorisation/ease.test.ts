import { describe, expect, it } from "vitest";
import { ease, fitDual, fitPrimal } from "../../../src/recommenders/factorisation/ease.js";
import {
  contextOf,
  dense,
  largestDifference,
  matrixOf,
  randomMatrix,
  scoresOf,
  trainingOf,
} from "../support.js";

const context = contextOf("ease");

async function allScores(fit: typeof fitDual, matrix: ReturnType<typeof matrixOf>, lambda: number) {
  const fitted = await fit(matrix, lambda, context);
  const scores = await fitted.answer(
    Array.from({ length: matrix.rows }, (_, user) => ({ user })),
    context,
  );
  const width = matrix.columns;
  return Array.from({ length: matrix.rows }, (_, row) =>
    Array.from(scores.subarray(row * width, (row + 1) * width)),
  );
}

describe("ease", () => {
  it("equals the closed form by hand for two items", async () => {
    // X^T X = [[2, 1], [1, 1]], lambda = 1: P = [[2, -1], [-1, 3]] / 5, B_01 = 1/3, B_10 = 1/2.
    const matrix = matrixOf([
      [1, 1, 0],
      [1, 0, 0],
    ]);
    const expected = [
      [1 / 2, 1 / 3, 0],
      [0, 1 / 3, 0],
    ];
    expect(largestDifference(await allScores(fitPrimal, matrix, 1), expected)).toBeLessThan(1e-7);
    expect(largestDifference(await allScores(fitDual, matrix, 1), expected)).toBeLessThan(1e-7);
    expect(largestDifference(await scoresOf(ease, trainingOf(matrix), { lambda: 1 }), expected)).toBeLessThan(
      1e-7,
    );
  });

  it.each([
    [20, 35, 0.5],
    [35, 20, 5],
    [150, 140, 20],
  ])("is the same by users and by items (%i users, %i items, lambda %d)", async (users, items, lambda) => {
    const matrix = randomMatrix(users, users, items, 0.15, 3);
    const primal = await allScores(fitPrimal, matrix, lambda);
    expect(Math.max(...primal.flat())).toBeGreaterThan(0.1);
    expect(largestDifference(primal, await allScores(fitDual, matrix, lambda))).toBeLessThan(1e-6);
  });

  it("minimises the penalised error: any other weights with a zero diagonal are worse", async () => {
    const matrix = randomMatrix(5, 12, 6, 0.3);
    const x = dense(matrix);
    const lambda = 2;
    // The weights B are the scores of users who have one item each.
    const identity = matrixOf(x[0].map((_, i) => x[0].map((_, j) => Number(i === j))));
    const stacked = matrixOf([...x, ...dense(identity)]);
    const objective = (b: number[][], rows: number[][]) =>
      rows.reduce(
        (sum, row) =>
          sum +
          row.reduce((s, value, j) => s + (value - row.reduce((t, v, i) => t + v * b[i][j], 0)) ** 2, 0),
        lambda * b.flat().reduce((sum, value) => sum + value ** 2, 0),
      );
    const scores = await allScores(fitPrimal, stacked, lambda);
    const b = scores.slice(12);
    b.forEach((row, i) => {
      expect(row[i]).toBe(0);
    });
    const best = objective(b, dense(stacked));
    for (let i = 0; i < 6; i++) {
      for (let j = 0; j < 6; j++) {
        for (const move of i === j ? [] : [-0.01, 0.01]) {
          const other = b.map((row) => [...row]);
          other[i][j] += move;
          expect(objective(other, dense(stacked))).toBeGreaterThan(best);
        }
      }
    }
  });

  it("gives a user without interactions, and every cold item, 0", async () => {
    const matrix = matrixOf([
      [1, 1, 0, 0],
      [0, 0, 0, 0],
      [0, 1, 1, 0],
    ]);
    for (const fit of [fitPrimal, fitDual]) {
      const scores = await allScores(fit, matrix, 1);
      expect(scores[1]).toEqual([0, 0, 0, 0]);
      expect(scores.map((row) => row[3])).toEqual([0, 0, 0]);
    }
  });

  it("chooses lambda by NDCG@20 on validation pairs, and takes the first without any", async () => {
    const matrix = randomMatrix(11, 30, 40, 0.2);
    const lambdas = [0.01, 10, 10_000];
    const perLambda = await Promise.all(lambdas.map((one) => allScores(fitDual, matrix, one)));
    expect(await scoresOf(ease, trainingOf(matrix), { lambda: lambdas })).toEqual(perLambda[0]);
    for (const [chosen, scores] of perLambda.entries()) {
      // The best unseen item of each user under one lambda is what validation holds.
      const warm = matrixOf(
        scores.map((row, user) => {
          const seen = dense(matrix)[user];
          const unseen = row.map((score, item) => (seen[item] === 1 ? -Infinity : score));
          const best = unseen.indexOf(Math.max(...unseen));
          return row.map((_, item) => Number(item === best));
        }),
      );
      const training = trainingOf(matrix);
      const got = await scoresOf(
        ease,
        { ...training, validation: { ...training.validation, warm } },
        { lambda: lambdas },
      );
      expect(got).toEqual(perLambda[chosen]);
    }
  });
});
