import { describe, expect, it } from "vitest";
import { itemKnn } from "../../../src/recommenders/neighbours/item-knn.js";
import { userKnn } from "../../../src/recommenders/neighbours/user-knn.js";
import { dense, largestDifference, matrixOf, randomMatrix, scoresOf, trainingOf } from "../support.js";

/** Shrunk cosine of the columns, cut to the k largest of each column (ties: smaller row), by plain loops. */
function bruteNeighbours(rows: number[][], k: number, shrink: number): number[][] {
  const columns = rows[0].map((_, column) => rows.map((row) => row[column]));
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, n) => sum + value * b[n], 0);
  return columns.map((a, i) => {
    const similarities = columns.map((b, j) =>
      i === j || dot(a, b) === 0 ? 0 : dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) + shrink),
    );
    const kept = new Set(
      similarities
        .map((value, j) => ({ value, j }))
        .sort((x, y) => y.value - x.value || x.j - y.j)
        .slice(0, k)
        .map(({ j }) => j),
    );
    return similarities.map((value, j) => (kept.has(j) ? value : 0));
  });
}

describe("item-knn", () => {
  // Items: 0 of users {0,1,2}, 1 of {0,1}, 2 of {2}. cos(0,1) = 2/sqrt(6), cos(0,2) = 1/sqrt(3), cos(1,2) = 0.
  const train = trainingOf(
    matrixOf([
      [1, 1, 0, 0],
      [1, 1, 0, 0],
      [1, 0, 1, 0],
    ]),
  );

  it("sums cosines by hand", async () => {
    const scores = await scoresOf(itemKnn, train, { k: 10, shrink: 0 });
    const expected = [
      [2 / Math.sqrt(6), 2 / Math.sqrt(6), 1 / Math.sqrt(3), 0],
      [2 / Math.sqrt(6), 2 / Math.sqrt(6), 1 / Math.sqrt(3), 0],
      [1 / Math.sqrt(3), 2 / Math.sqrt(6), 1 / Math.sqrt(3), 0],
    ];
    expect(largestDifference(scores, expected)).toBeLessThan(1e-6);
  });

  it("adds the shrinkage to the product of the norms", async () => {
    const [[, one]] = await scoresOf(itemKnn, train, { k: 10, shrink: 5 });
    expect(one).toBeCloseTo(2 / (Math.sqrt(6) + 5), 6);
  });

  it("takes the candidate's neighbours or the history's, as asked", async () => {
    // With k = 1 item 0 keeps only item 1, item 2 keeps item 0: for user 0, item 2 scores by its own neighbour 0 ...
    const candidate = await scoresOf(itemKnn, train, { k: 1, shrink: 0, neighboursOf: "candidate" });
    expect(candidate[0][2]).toBeCloseTo(1 / Math.sqrt(3), 6);
    // ... but it's no neighbour of what the user has.
    const history = await scoresOf(itemKnn, train, { k: 1, shrink: 0, neighboursOf: "history" });
    expect(history[0][2]).toBe(0);
  });

  it.each(["candidate", "history"])("equals plain loops (%s)", async (neighboursOf) => {
    const matrix = randomMatrix(11, 30, 20, 0.2, 2);
    const near = bruteNeighbours(dense(matrix), 4, 2);
    const expected = dense(matrix).map((row) =>
      row.map((_, i) =>
        row.reduce((sum, has, j) => sum + has * (neighboursOf === "candidate" ? near[i][j] : near[j][i]), 0),
      ),
    );
    const scores = await scoresOf(itemKnn, trainingOf(matrix), { k: 4, shrink: 2, neighboursOf });
    expect(largestDifference(scores, expected)).toBeLessThan(1e-6);
  });
});

describe("user-knn", () => {
  it("equals plain loops", async () => {
    const matrix = randomMatrix(12, 25, 18, 0.2, 2);
    const rows = dense(matrix);
    const transposed = rows[0].map((_, item) => rows.map((row) => row[item]));
    const near = bruteNeighbours(transposed, 5, 1);
    const expected = rows.map((row, u) =>
      row.map((_, i) => near[u].reduce((sum, s, v) => sum + s * rows[v][i], 0)),
    );
    const scores = await scoresOf(userKnn, trainingOf(matrix), { k: 5, shrink: 1 });
    expect(largestDifference(scores, expected)).toBeLessThan(1e-6);
  });
});
