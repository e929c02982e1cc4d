import type { Rows } from "../../core/safetensors.js";

/** The inner product of a row of one table and a row of another. */
export function rowDot(a: Rows, row: number, b: Rows, other: number): number {
  let sum = 0;
  for (let d = 0; d < a.size; d++) sum += a.data[row * a.size + d] * b.data[other * b.size + d];
  return sum;
}

/** Tables of equally many rows side by side. */
export function sideBySide(tables: readonly Rows[]): Rows {
  const size = tables.reduce((sum, table) => sum + table.size, 0);
  const rows = tables[0].data.length / tables[0].size;
  const data = new Float32Array(rows * size);
  let offset = 0;
  for (const table of tables) {
    for (let row = 0; row < rows; row++) {
      data.set(table.data.subarray(row * table.size, (row + 1) * table.size), row * size + offset);
    }
    offset += table.size;
  }
  return { size, data };
}
