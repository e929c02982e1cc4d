import { describe, expect, it } from "vitest";
import { popularity } from "../../../src/recommenders/controls/popularity.js";
import { random } from "../../../src/recommenders/controls/random.js";
import { matrixOf, scoresOf, trainingOf } from "../support.js";

describe("popularity", () => {
  it("counts the training users of each item", async () => {
    const train = trainingOf(
      matrixOf([
        [1, 1, 0, 0],
        [1, 0, 0, 0],
        [1, 1, 1, 0],
      ]),
    );
    expect(await scoresOf(popularity, train)).toEqual([
      [3, 2, 1, 0],
      [3, 2, 1, 0],
      [3, 2, 1, 0],
    ]);
  });
});

describe("random", () => {
  it("is uniform: mean 1/2, variance 1/12, and users are unrelated", async () => {
    const empty = Array.from({ length: 2 }, () => new Array<number>(20_000).fill(0));
    const [first, second] = await scoresOf(random, trainingOf(matrixOf(empty)));
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    // Standard errors at 20,000 draws: .0020 of the mean, .0006 of the variance, .0006 of the covariance.
    expect(mean(first)).toBeCloseTo(0.5, 1);
    expect(Math.abs(mean(first) - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(mean(first.map((value) => (value - 0.5) ** 2)) - 1 / 12)).toBeLessThan(0.003);
    expect(Math.abs(mean(first.map((value, i) => (value - 0.5) * (second[i] - 0.5))))).toBeLessThan(0.003);
  });
});
