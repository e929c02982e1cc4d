import type { Random } from "../../../src/core/random.js";
import type { ItemSets } from "../../../src/metrics/lists/diversity.js";
import { type Pool, poolOf } from "../../../src/recommenders/rerank/pool.js";

/** The genres of each item, as sets. */
export function setsOf(genres: readonly (readonly number[])[]): ItemSets {
  const offsets = [0];
  for (const own of genres) offsets.push(offsets[offsets.length - 1] + own.length);
  return { offsets: Int32Array.from(offsets), indices: Int32Array.from(genres.flat()) };
}

/** A pool of `items` with scores of few values, so that there are ties, some of them negative. */
export function randomPool(random: Random, items: number): Pool {
  return poolOf(
    Float64Array.from({ length: items }, () => random.int(12) - 4),
    new Set(),
  );
}

/** All ways to choose k of n. */
export function* combinations(n: number, k: number, from = 0): Generator<number[]> {
  if (k === 0) yield [];
  else {
    for (let first = from; first + k <= n; first++) {
      for (const rest of combinations(n, k - 1, first + 1)) yield [first, ...rest];
    }
  }
}

/** The determinant, by elimination with row exchanges. */
export function determinant(matrix: readonly (readonly number[])[]): number {
  const rows = matrix.map((row) => [...row]);
  let product = 1;
  for (let column = 0; column < rows.length; column++) {
    let pivot = column;
    for (let row = column; row < rows.length; row++) {
      if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) pivot = row;
    }
    if (rows[pivot][column] === 0) return 0;
    if (pivot !== column) {
      [rows[pivot], rows[column]] = [rows[column], rows[pivot]];
      product = -product;
    }
    product *= rows[column][column];
    for (let row = column + 1; row < rows.length; row++) {
      const factor = rows[row][column] / rows[column][column];
      for (let c = column; c < rows.length; c++) rows[row][c] -= factor * rows[column][c];
    }
  }
  return product;
}
