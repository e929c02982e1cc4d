import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { csrFromPairs } from "../../../src/data/csr.js";
import { symmetricEigen } from "../../../src/engine/linalg/symmetric-eigen.js";
import { truncatedSvd } from "../../../src/engine/linalg/truncated-svd.js";

const signal = new AbortController().signal;

/** Rows of numbers as a sparse matrix. */
function sparse(rows: readonly (readonly number[])[]) {
  const entries = rows
    .flatMap((row, r) => row.map((value, c) => ({ r, c, value })))
    .filter((e) => e.value !== 0);
  return csrFromPairs(
    rows.length,
    rows[0].length,
    entries.map(({ r }) => r),
    entries.map(({ c }) => c),
    entries.map(({ value }) => value),
  );
}

describe("symmetricEigen", () => {
  it("gives a 2 x 2 matrix's eigenvalues and vectors", () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2);
    expect(values[0]).toBeCloseTo(3, 12);
    expect(values[1]).toBeCloseTo(1, 12);
    expect(Math.abs(vectors[0])).toBeCloseTo(Math.SQRT1_2, 12);
    expect(vectors[0]).toBeCloseTo(vectors[1], 12);
  });

  it("solves A v = lambda v for a random matrix, with orthonormal vectors", () => {
    const n = 30;
    const random = Random.fromSeed(1);
    const half = Array.from({ length: n * n }, () => random.normal());
    const a = Float64Array.from(half, (value, at) => value + half[(at % n) * n + Math.floor(at / n)]);
    const { values, vectors } = symmetricEigen(a, n);
    for (let i = 0; i < n; i++) {
      const v = vectors.subarray(i * n, (i + 1) * n);
      for (let r = 0; r < n; r++) {
        const image = v.reduce((sum, value, c) => sum + a[r * n + c] * value, 0);
        expect(image).toBeCloseTo(values[i] * v[r], 10);
      }
      for (let j = 0; j <= i; j++) {
        const dot = v.reduce((sum, value, c) => sum + value * vectors[j * n + c], 0);
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 10);
      }
      if (i > 0) expect(values[i]).toBeLessThanOrEqual(values[i - 1]);
    }
  });

  it("takes a matrix of zeros and refuses one that is not finite", () => {
    expect([...symmetricEigen(new Float64Array(9), 3).values]).toEqual([0, 0, 0]);
    expect(() => symmetricEigen(Float64Array.of(1, NaN, NaN, 1), 2)).toThrow(RangeError);
  });
});

describe("truncatedSvd", () => {
  it("gives the scores of a diagonal matrix, largest first", async () => {
    const matrix = sparse([
      [0, 3, 0],
      [5, 0, 0],
      [0, 0, 1],
    ]);
    const { values, scores } = await truncatedSvd(matrix, 2, Random.fromSeed(1), signal);
    expect(Array.from(values, (value) => Number(value.toFixed(9)))).toEqual([5, 3]);
    expect(Array.from(scores, (value) => Number(value.toFixed(9)) + 0)).toEqual([0, 3, 5, 0, 0, 0]);
  });

  it("keeps the inner products of rows where the rank is small, and finds that rank", async () => {
    const random = Random.fromSeed(2);
    const left = Array.from({ length: 60 }, () => [random.normal(), random.normal(), random.normal()]);
    const right = Array.from({ length: 40 }, () => [random.normal(), random.normal(), random.normal()]);
    const rows = left.map((u) => right.map((v) => Math.fround(u.reduce((sum, x, k) => sum + x * v[k], 0))));
    const { values, scores } = await truncatedSvd(sparse(rows), 20, random, signal);
    // Entries are rounded to single precision, so the rest is not quite 0.
    expect(values[2]).toBeGreaterThan(1);
    expect(values.length === 3 || values[3] < 1e-4).toBe(true);
    for (const [a, b] of [
      [0, 0],
      [3, 17],
      [59, 20],
    ]) {
      const wanted = rows[a].reduce((sum, value, c) => sum + value * rows[b][c], 0);
      const n = values.length;
      const found = Array.from({ length: n }, (_, k) => scores[a * n + k] * scores[b * n + k]);
      expect(found.reduce((sum, value) => sum + value, 0)).toBeCloseTo(wanted, 4);
    }
  });

  it("agrees with the eigenvalues of the Gram matrix on a sparse matrix of full rank", async () => {
    const random = Random.fromSeed(3);
    const rows = Array.from({ length: 120 }, (_, r) =>
      Array.from({ length: 50 }, (_, c) =>
        random.uniform() < 0.1 ? Math.fround(random.uniform() + (r + c) / 50) : 0,
      ),
    );
    const gram = Float64Array.from({ length: 2500 }, (_, at) =>
      rows.reduce((sum, row) => sum + row[Math.floor(at / 50)] * row[at % 50], 0),
    );
    const exact = symmetricEigen(gram, 50).values.map(Math.sqrt);
    const { values, scores } = await truncatedSvd(sparse(rows), 8, random, signal);
    expect(values.length).toBe(8);
    for (let k = 0; k < 8; k++) {
      // A random matrix is the hardest case: its singular values lie close together. A subspace never gives too much.
      expect(values[k]).toBeLessThan(exact[k] * (1 + 1e-9));
      expect(values[k]).toBeGreaterThan(exact[k] * 0.995);
      let norm = 0;
      for (let r = 0; r < 120; r++) norm += scores[r * 8 + k] ** 2;
      expect(Math.sqrt(norm)).toBeCloseTo(values[k], 8);
    }
  });

  it("gives nothing for a matrix without entries", async () => {
    const { values, scores } = await truncatedSvd(sparse([[0, 0]]), 2, Random.fromSeed(1), signal);
    expect([values.length, scores.length]).toEqual([0, 0]);
  });
});
