import { describe, expect, it } from "vitest";
import { contentKnn } from "../../../src/recommenders/neighbours/content-knn.js";
import { tfidf, tokenize } from "../../../src/recommenders/neighbours/tfidf.js";
import { dense, largestDifference, matrixOf, scoresOf, trainingOf } from "../support.js";

describe("tokenize", () => {
  it("keeps compounds whole, parts at everything else, folds case and width", () => {
    expect(tokenize("Sequence_Similarity, RNA-seq; Amélie's 'quoted' ＡＢ -- 2001.")).toEqual([
      "sequence_similarity",
      "rna-seq",
      "amélie's",
      "quoted",
      "ab",
      "2001",
    ]);
    expect(tokenize(" ... ")).toEqual([]);
  });
});

describe("tfidf", () => {
  it("equals scikit-learn's TfidfVectorizer", () => {
    // TfidfVectorizer(token_pattern=r"\w+", min_df=2).fit_transform(texts).toarray(), columns here red, ball, blue:
    // green is a word of one text only.
    const vectors = dense(tfidf(["red red ball", "blue ball", "green red ball", "blue"]));
    const expected = [
      [0.92693676, 0.3752176, 0],
      [0, 0.62922751, 0.77722116],
      [0.77722116, 0.62922751, 0],
      [0, 0, 1],
    ];
    const kept = vectors.map((row) => row.slice(0, 3));
    expect(largestDifference(kept, expected)).toBeLessThan(1e-6);
    expect(vectors.flatMap((row) => row.slice(3)).every((value) => value === 0)).toBe(true);
  });

  it("leaves a text without shared words empty", () => {
    const vectors = tfidf(["a", "", "a b", "c"]);
    expect([1, 3].map((row) => vectors.offsets[row + 1] - vectors.offsets[row])).toEqual([0, 0]);
    expect(vectors.values.every(Number.isFinite)).toBe(true);
  });
});

describe("content-knn", () => {
  const texts = [
    "space alien laser",
    "space laser war",
    "love paris",
    "love wedding paris",
    "alien space",
    "love",
    "",
  ];
  const matrix = matrixOf([
    [1, 1, 0, 0, 0, 0, 0],
    [0, 0, 1, 1, 0, 0, 0],
  ]);

  it("finds the cold item whose text is like the user's items", async () => {
    for (const k of [0, 1, 10]) {
      const [space, love] = await scoresOf(contentKnn, trainingOf(matrix, texts), { k });
      expect(space[4]).toBeGreaterThan(0.5);
      expect(space[5]).toBe(0);
      expect(love[5]).toBeGreaterThan(0.5);
      expect(love[4]).toBe(0);
      expect([space[6], love[6]]).toEqual([0, 0]);
    }
  });

  it("sums the cosines to the user's items (k = 0, by plain loops)", async () => {
    const vectors = dense(tfidf(texts));
    const cosine = (a: number, b: number) =>
      vectors[a].reduce((sum, value, n) => sum + value * vectors[b][n], 0);
    const expected = dense(matrix).map((row) =>
      row.map((_, i) => row.reduce((sum, has, j) => sum + has * cosine(i, j), 0)),
    );
    const scores = await scoresOf(contentKnn, trainingOf(matrix, texts), { k: 0 });
    expect(largestDifference(scores, expected)).toBeLessThan(1e-6);
  });

  it("counts only the k nearest warm items of the candidate", async () => {
    const vectors = dense(tfidf(texts));
    const cosine = (a: number, b: number) =>
      vectors[a].reduce((sum, value, n) => sum + value * vectors[b][n], 0);
    const [space] = await scoresOf(contentKnn, trainingOf(matrix, texts), { k: 1 });
    expect(space[4]).toBeCloseTo(Math.max(cosine(4, 0), cosine(4, 1)), 6);
  });
});
