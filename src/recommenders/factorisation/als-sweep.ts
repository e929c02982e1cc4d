import { Pace } from "../../core/pace.js";
import type { Csr } from "../../data/csr.js";
import { multiply } from "../../engine/linalg/multiply.js";
import { restride, SparseRows } from "../../engine/linalg/sparse-rows.js";

export interface SweepOptions {
  readonly size: number;
  /** Weight of a row's squared length, lambda, before scaling. */
  readonly regularization: number;
  /** A row with n entries is regularised by lambda n^scaling. */
  readonly scaling: number;
  /** What an observed entry's confidence has above the 1 of all others. */
  readonly alpha: number;
  /** Steps of conjugate gradients from the row's present value. */
  readonly cgSteps: number;
}

/** One side of the matrix, ready for {@link halfSweep}. */
export interface Side {
  readonly matrix: Csr;
  readonly entries: SparseRows;
}

/** Rows solved together: enough for the dense product to be fast, few enough to stay in the cache. */
const BLOCK = 1024;

export async function sideOf(matrix: Csr, size: number): Promise<Side> {
  return { matrix, entries: await SparseRows.create(matrix, size, Math.min(BLOCK, matrix.rows)) };
}

/**
 * Half a sweep of implicit ALS: moves every row x_u of `solved` towards the minimum, with `fixed` held, of
 * `sum_i c_ui (p_ui - x_u.y_i)^2 + lambda_u |x_u|^2`, where p = 1 and c = 1 + alpha on the entries of the matrix [solved
 * rows, fixed rows], p = 0 and c = 1 elsewhere. The normal equations are
 * `(Y^T Y + lambda_u I + alpha sum_{i in u} y_i y_i^T) x_u = (1 + alpha) sum_{i in u} y_i`. They are solved by conjugate
 * gradients, many rows at a time: the part that all rows share is one dense product. A row without entries becomes 0.
 */
export async function halfSweep(
  { matrix, entries }: Side,
  solved: Float32Array,
  fixed: Float32Array,
  { size, regularization, scaling, alpha, cgSteps }: SweepOptions,
  signal: AbortSignal,
): Promise<void> {
  const { stride, blocks } = entries;
  restride(fixed, size, entries.columns, stride);
  const y = { rows: matrix.columns, columns: stride, data: entries.columns };
  const gram = await multiply(y, y, { transposeA: true, signal });
  const pace = new Pace(signal);

  for (let from = 0; from < matrix.rows; from += entries.blockRows) {
    const rows = Math.min(entries.blockRows, matrix.rows - from);
    const x = solved.subarray(from * size, (from + rows) * size);
    const product = async (vectors: Float32Array) =>
      (await multiply({ rows, columns: stride, data: vectors.subarray(0, rows * stride) }, gram, { signal }))
        .data;

    const ridges = Array.from({ length: rows }, (_, row) => {
      const count = matrix.offsets[from + row + 1] - matrix.offsets[from + row];
      return regularization * count ** scaling;
    });
    /** into = sign * (Y^T Y + ridge I) v in every row. */
    const applyShared = async (v: Float32Array, into: Float32Array, sign: number) => {
      const shared = await product(v);
      for (let row = 0; row < rows; row++) {
        const ridge = ridges[row];
        const end = (row + 1) * stride;
        for (let n = row * stride; n < end; n++) into[n] = sign * (shared[n] + ridge * v[n]);
      }
    };

    restride(x, size, blocks.x, stride);
    await applyShared(blocks.x, blocks.r, -1);
    entries.addEntries(from, rows, "x", "r", 1 + alpha, -alpha);
    entries.beginConjugate(rows);
    for (let step = 0; step < cgSteps; step++) {
      await applyShared(blocks.p, blocks.ap, 1);
      entries.addEntries(from, rows, "p", "ap", 0, alpha);
      entries.conjugateStep(rows);
    }
    restride(blocks.x.subarray(0, rows * stride), stride, x, size);
    for (let row = 0; row < rows; row++) {
      if (matrix.offsets[from + row] === matrix.offsets[from + row + 1])
        x.fill(0, row * size, (row + 1) * size);
    }
    if (pace.due()) await pace.breathe();
  }
}
