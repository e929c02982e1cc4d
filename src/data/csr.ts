/** A sparse matrix by rows. Columns within a row are ascending and unique. */
export interface Csr {
  readonly rows: number;
  readonly columns: number;
  /** Row r holds entries `offsets[r]` to `offsets[r + 1] - 1`; length rows + 1. */
  readonly offsets: Int32Array;
  /** Column of each entry. */
  readonly indices: Int32Array;
  /** Value of each entry. */
  readonly values: Float32Array;
}

/**
 * Builds a matrix from coordinates. Repeated coordinates are merged: the last value given stays.
 * @param values - 1 for every entry where left out.
 */
export function csrFromPairs(
  rows: number,
  columns: number,
  rowOf: ArrayLike<number>,
  columnOf: ArrayLike<number>,
  values?: ArrayLike<number> | null,
): Csr {
  // Two stable counting sorts, by column then by row, order the entries in linear time.
  const count = rowOf.length;
  const byColumn = stableOrder(
    columnOf,
    columns,
    Int32Array.from({ length: count }, (_, i) => i),
  );
  const order = stableOrder(rowOf, rows, byColumn);
  const offsets = new Int32Array(rows + 1);
  const indices = new Int32Array(count);
  const data = new Float32Array(count);
  let size = 0;
  for (let n = 0; n < count; n++) {
    const entry = order[n];
    const value = values ? values[entry] : 1;
    const repeated =
      n > 0 && rowOf[order[n - 1]] === rowOf[entry] && columnOf[order[n - 1]] === columnOf[entry];
    if (repeated) {
      data[size - 1] = value;
      continue;
    }
    indices[size] = columnOf[entry];
    data[size] = value;
    offsets[rowOf[entry] + 1]++;
    size++;
  }
  for (let row = 0; row < rows; row++) offsets[row + 1] += offsets[row];
  return { rows, columns, offsets, indices: indices.slice(0, size), values: data.slice(0, size) };
}

function stableOrder(keys: ArrayLike<number>, size: number, order: Int32Array): Int32Array {
  const starts = new Int32Array(size + 1);
  for (let i = 0; i < keys.length; i++) starts[keys[i] + 1]++;
  for (let key = 0; key < size; key++) starts[key + 1] += starts[key];
  const out = new Int32Array(order.length);
  for (const entry of order) out[starts[keys[entry]]++] = entry;
  return out;
}

/** The same matrix by columns: rows and columns exchanged. */
export function transposeCsr(matrix: Csr): Csr {
  return csrFromPairs(matrix.columns, matrix.rows, matrix.indices, rowOfEachEntry(matrix), matrix.values);
}

/** The row number of every entry, parallel to `indices`. */
export function rowOfEachEntry(matrix: Csr): Int32Array {
  const out = new Int32Array(matrix.indices.length);
  for (let row = 0; row < matrix.rows; row++) out.fill(row, matrix.offsets[row], matrix.offsets[row + 1]);
  return out;
}

/** The columns of one row, ascending: a view, not a copy. */
export function rowIndices(matrix: Csr, row: number): Int32Array {
  return matrix.indices.subarray(matrix.offsets[row], matrix.offsets[row + 1]);
}

/** Whether the entry exists (binary search in its row). */
export function hasEntry(matrix: Csr, row: number, column: number): boolean {
  let low = matrix.offsets[row];
  let high = matrix.offsets[row + 1] - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = matrix.indices[middle];
    if (found === column) return true;
    if (found < column) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
