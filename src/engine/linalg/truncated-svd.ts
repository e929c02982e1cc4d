import { Pace } from "../../core/pace.js";
import type { Random } from "../../core/random.js";
import { type Matrix, multiply } from "./multiply.js";
import { symmetricEigen } from "./symmetric-eigen.js";

/** A sparse matrix by rows. */
export interface SparseMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly offsets: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float32Array;
}

/** The largest singular values of a matrix and its rows in their space. */
export interface TruncatedSvd {
  /** Singular values, descending, none of them 0: as many as asked for or as the rank has. */
  readonly values: Float64Array;
  /** The rows projected on the right singular vectors, U S = A V [rows, values], row-major. */
  readonly scores: Float64Array;
}

const OVERSAMPLING = 10;
const POWER_STEPS = 4;
/** Directions whose singular value is this small beside the largest are rounding. */
const RANK_TOLERANCE = 1e-7;

/**
 * The truncated singular value decomposition of a sparse matrix by randomised subspace iteration (Halko, Martinsson and
 * Tropp, SIAM Review 2011, algorithms 4.4 and 5.1): a random subspace is sharpened by products with A and its transpose, and the matrix
 * is decomposed within it. The sign of each direction is that of its largest score.
 * @throws InterruptedError when the signal is aborted.
 */
export async function truncatedSvd(
  matrix: SparseMatrix,
  size: number,
  random: Random,
  signal: AbortSignal,
): Promise<TruncatedSvd> {
  const width = Math.min(size + OVERSAMPLING, matrix.rows, matrix.columns);
  if (width === 0) return { values: new Float64Array(0), scores: new Float64Array(0) };
  const start = Float64Array.from({ length: matrix.rows * width }, () => random.normal());
  let basis = await orthonormal(
    await backward(matrix, { rows: matrix.rows, columns: width, data: start }, signal),
    signal,
  );
  for (let step = 0; step < POWER_STEPS; step++) {
    const image = await forward(matrix, basis, signal);
    basis = await orthonormal(await backward(matrix, image, signal), signal);
  }
  const image = await forward(matrix, basis, signal);
  const { values, vectors } = await gramEigen(image, signal);
  const kept = values.findIndex((value, at) => at >= size || !isDirection(value, values[0]));
  const count = kept < 0 ? values.length : kept;
  const scores = await multiply(
    image,
    { rows: count, columns: image.columns, data: vectors.subarray(0, count * image.columns) },
    { transposeB: true, signal },
  );
  fixSigns(scores);
  return { values: values.slice(0, count).map(Math.sqrt), scores: scores.data };
}

function isDirection(eigenvalue: number, largest: number): boolean {
  return eigenvalue > 0 && eigenvalue > largest * RANK_TOLERANCE ** 2;
}

/** An orthonormal basis of the columns' span; columns that depend on others are left out. */
async function orthonormal(matrix: Matrix<Float64Array>, signal: AbortSignal): Promise<Matrix<Float64Array>> {
  let out = matrix;
  // The second pass removes what the rounding of the first, which squares the condition, left.
  for (let pass = 0; pass < 2; pass++) {
    const { values, vectors } = await gramEigen(out, signal);
    const count = values.filter((value) => isDirection(value, values[0])).length;
    const scaled = vectors.slice(0, count * out.columns);
    for (let row = 0; row < count; row++) {
      const scale = 1 / Math.sqrt(values[row]);
      for (let k = 0; k < out.columns; k++) scaled[row * out.columns + k] *= scale;
    }
    const turn = { rows: count, columns: out.columns, data: scaled };
    out = await multiply(out, turn, { transposeB: true, signal });
  }
  return out;
}

async function gramEigen(matrix: Matrix<Float64Array>, signal: AbortSignal) {
  const gram = await multiply(matrix, matrix, { transposeA: true, signal });
  return symmetricEigen(gram.data, matrix.columns);
}

/** A X. */
async function forward(
  { rows, offsets, indices, values }: SparseMatrix,
  { columns: width, data }: Matrix<Float64Array>,
  signal: AbortSignal,
): Promise<Matrix<Float64Array>> {
  const out = new Float64Array(rows * width);
  const pace = new Pace(signal);
  for (let row = 0; row < rows; row++) {
    for (let at = offsets[row]; at < offsets[row + 1]; at++) {
      const [from, value] = [indices[at] * width, values[at]];
      for (let k = 0; k < width; k++) out[row * width + k] += value * data[from + k];
    }
    if (pace.due()) await pace.breathe();
  }
  return { rows, columns: width, data: out };
}

/** A^T Y. */
async function backward(
  { rows, columns, offsets, indices, values }: SparseMatrix,
  { columns: width, data }: Matrix<Float64Array>,
  signal: AbortSignal,
): Promise<Matrix<Float64Array>> {
  const out = new Float64Array(columns * width);
  const pace = new Pace(signal);
  for (let row = 0; row < rows; row++) {
    for (let at = offsets[row]; at < offsets[row + 1]; at++) {
      const [to, value] = [indices[at] * width, values[at]];
      for (let k = 0; k < width; k++) out[to + k] += value * data[row * width + k];
    }
    if (pace.due()) await pace.breathe();
  }
  return { rows: columns, columns: width, data: out };
}

function fixSigns({ rows, columns, data }: Matrix<Float64Array>): void {
  for (let k = 0; k < columns; k++) {
    let largest = 0;
    for (let row = 0; row < rows; row++) {
      const value = data[row * columns + k];
      if (Math.abs(value) > Math.abs(largest)) largest = value;
    }
    if (largest >= 0) continue;
    for (let row = 0; row < rows; row++) data[row * columns + k] *= -1;
  }
}
