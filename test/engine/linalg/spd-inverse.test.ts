import { describe, expect, it } from "vitest";
import { InterruptedError } from "../../../src/core/errors.js";
import { Random } from "../../../src/core/random.js";
import { choleskyInverse, invertSpd } from "../../../src/engine/linalg/spd-inverse.js";

/** A A^T + I for a random A. */
function positive(n: number): Float64Array {
  const a = Random.fromSeed(n).normals(n * n);
  const out = new Float64Array(n * n);
  for (let r = 0; r < n; r++) {
    for (let c = 0; c < n; c++) {
      let sum = r === c ? 1 : 0;
      for (let k = 0; k < n; k++) sum += a[r * n + k] * a[c * n + k];
      out[r * n + c] = sum;
    }
  }
  return out;
}

/** The largest deviation of `a b` from the identity. */
function residual(a: Float64Array, b: Float64Array, n: number): number {
  let worst = 0;
  for (let r = 0; r < n; r++) {
    for (let c = 0; c < n; c++) {
      let sum = r === c ? -1 : 0;
      for (let k = 0; k < n; k++) sum += a[r * n + k] * b[k * n + c];
      worst = Math.max(worst, Math.abs(sum));
    }
  }
  return worst;
}

const signal = new AbortController().signal;

describe("choleskyInverse", () => {
  it("inverts by hand", () => {
    const matrix = Float64Array.from([4, 2, 2, 3]);
    choleskyInverse(matrix, 2);
    [0.375, -0.25, -0.25, 0.5].forEach((value, n) => {
      expect(matrix[n]).toBeCloseTo(value, 14);
    });
  });

  it("refuses a matrix that isn't positive definite", () => {
    expect(() => {
      choleskyInverse(Float64Array.from([1, 2, 2, 1]), 2);
    }).toThrow("not positive definite");
  });
});

describe("invertSpd", () => {
  // 1 to 128 is one block; 129 and 300 are cut, unevenly and twice.
  it.each([1, 5, 128, 129, 300])("gives the inverse of a %i x %i matrix", async (n) => {
    const matrix = positive(n);
    const inverse = matrix.slice();
    const shares: number[] = [];
    await invertSpd(inverse, n, signal, (share) => shares.push(share));
    expect(residual(matrix, inverse, n)).toBeLessThan(1e-9);
    if (n > 128) expect(shares.at(-1)).toBeCloseTo(1, 12);
  });

  it("stops when it's interrupted", async () => {
    await expect(invertSpd(positive(3), 3, AbortSignal.abort())).rejects.toBeInstanceOf(InterruptedError);
  });
});
