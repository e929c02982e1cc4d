import { throwIfInterrupted } from "../../core/errors.js";
import { multiply } from "./multiply.js";

/** Blocks of at most this side are inverted in plain loops; larger ones by products of their halves. */
const BASE = 128;

/**
 * Replaces a symmetric positive definite matrix [n, n] by its inverse, in double precision. Recursive in 2 x 2 blocks:
 * with P = A11^-1, W = A21 P and the Schur complement S = A22 - W A21^T, the inverse has the blocks S^-1 (22),
 * -S^-1 W (21) and P + W^T S^-1 W (11). All but the small blocks is dense products, 4/3 n^3 operations, which ONNX
 * Runtime does on all cores. Both triangles are read and written.
 * @param onProgress - told the share done, 0..1, after each product.
 * @throws RangeError where a pivot is not positive; InterruptedError between products.
 */
export async function invertSpd(
  matrix: Float64Array,
  n: number,
  signal: AbortSignal,
  onProgress: (share: number) => void = () => undefined,
): Promise<void> {
  let done = 0;
  const total = work(n);
  const worked = (multiplyAdds: number) => {
    done += multiplyAdds;
    onProgress(done / total);
  };

  const invertBlock = async (start: number, size: number): Promise<void> => {
    throwIfInterrupted(signal);
    if (size <= BASE) {
      const block = copyOut(matrix, n, start, start, size, size);
      choleskyInverse(block, size);
      copyIn(matrix, n, start, start, size, size, block);
      return;
    }
    const upper = half(size);
    const lower = size - upper;
    const middle = start + upper;
    const square = (side: number, data: Float64Array) => ({ rows: side, columns: side, data });
    const flat = (data: Float64Array) => ({ rows: lower, columns: upper, data });

    const a21 = flat(copyOut(matrix, n, middle, start, lower, upper));
    await invertBlock(start, upper);
    const p = square(upper, copyOut(matrix, n, start, start, upper, upper));
    const w = await multiply(a21, p, { signal });
    worked(lower * upper * upper);
    addTo(matrix, n, middle, middle, await multiply(w, a21, { transposeB: true, signal }), -1);
    worked(lower * lower * upper);
    await invertBlock(middle, lower);
    const q = square(lower, copyOut(matrix, n, middle, middle, lower, lower));
    const b21 = await multiply(q, w, { signal });
    worked(lower * lower * upper);
    for (let at = 0; at < b21.data.length; at++) b21.data[at] = -b21.data[at];
    copyIn(matrix, n, middle, start, lower, upper, b21.data);
    const wt = transpose(w.data, lower, upper);
    addTo(
      matrix,
      n,
      start,
      start,
      await multiply({ rows: upper, columns: lower, data: wt }, b21, { signal }),
      -1,
    );
    worked(lower * upper * upper);
    copyIn(matrix, n, start, middle, upper, lower, transpose(b21.data, lower, upper));
  };
  await invertBlock(0, n);
}

/** The larger half, in whole blocks of 64 where that is possible. */
function half(size: number): number {
  return Math.ceil(size / 128) * 64;
}

function work(size: number): number {
  if (size <= BASE) return 0;
  const upper = half(size);
  const lower = size - upper;
  return work(upper) + work(lower) + 2 * upper * lower * size;
}

/** Inverse of a symmetric positive definite matrix in place by its Cholesky factor L: L^-1, then L^-T L^-1. */
export function choleskyInverse(a: Float64Array, n: number): void {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j];
      for (let k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
      if (i > j) a[i * n + j] = sum / a[j * n + j];
      else if (sum > 0) a[j * n + j] = Math.sqrt(sum);
      else throw new RangeError("the matrix is not positive definite");
    }
  }
  for (let j = 0; j < n; j++) {
    a[j * n + j] = 1 / a[j * n + j];
    for (let i = j + 1; i < n; i++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum -= a[i * n + k] * a[k * n + j];
      a[i * n + j] = sum / a[i * n + i];
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < n; k++) sum += a[k * n + i] * a[k * n + j];
      a[i * n + j] = sum;
      a[j * n + i] = sum;
    }
  }
}

function copyOut(
  from: Float64Array,
  n: number,
  row: number,
  column: number,
  rows: number,
  columns: number,
): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    const start = (row + r) * n + column;
    out.set(from.subarray(start, start + columns), r * columns);
  }
  return out;
}

function copyIn(
  to: Float64Array,
  n: number,
  row: number,
  column: number,
  rows: number,
  columns: number,
  block: Float64Array,
): void {
  for (let r = 0; r < rows; r++) {
    to.set(block.subarray(r * columns, (r + 1) * columns), (row + r) * n + column);
  }
}

function addTo(
  to: Float64Array,
  n: number,
  row: number,
  column: number,
  block: { rows: number; columns: number; data: Float64Array },
  factor: number,
): void {
  for (let r = 0; r < block.rows; r++) {
    const start = (row + r) * n + column;
    for (let c = 0; c < block.columns; c++) to[start + c] += factor * block.data[r * block.columns + c];
  }
}

function transpose(data: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(data.length);
  // Tiles keep both sides in the cache.
  for (let r0 = 0; r0 < rows; r0 += 32) {
    for (let c0 = 0; c0 < columns; c0 += 32) {
      const r1 = Math.min(rows, r0 + 32);
      const c1 = Math.min(columns, c0 + 32);
      for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) out[c * rows + r] = data[r * columns + c];
    }
  }
  return out;
}
