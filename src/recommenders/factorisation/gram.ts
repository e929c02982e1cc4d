import type { Csr } from "../../data/csr.js";

/** Row numbers of the rows that have an entry, ascending. */
export function usedRows(matrix: Csr): Int32Array {
  const rows = Array.from({ length: matrix.rows }, (_, row) => row);
  return Int32Array.from(rows.filter((row) => matrix.offsets[row + 1] > matrix.offsets[row]));
}

/**
 * The dense Gram matrix of the given rows with a ridge, `rows rows^T + ridge I`, [n, n] for n rows: entry (a, b) is the
 * dot product of the a-th and b-th row in the list. Works through the common columns only.
 * @param columns - the transpose of `rows`.
 */
export function gramMatrix(rows: Csr, columns: Csr, list: Int32Array, ridge: number): Float64Array {
  const n = list.length;
  const place = new Int32Array(rows.rows).fill(-1);
  list.forEach((row, at) => (place[row] = at));
  const gram = new Float64Array(n * n);
  for (let at = 0; at < n; at++) {
    const start = at * n;
    for (let e = rows.offsets[list[at]]; e < rows.offsets[list[at] + 1]; e++) {
      const column = rows.indices[e];
      const weight = rows.values[e];
      for (let to = columns.offsets[column]; to < columns.offsets[column + 1]; to++) {
        const other = place[columns.indices[to]];
        if (other >= 0) gram[start + other] += weight * columns.values[to];
      }
    }
    gram[start + at] += ridge;
  }
  return gram;
}
