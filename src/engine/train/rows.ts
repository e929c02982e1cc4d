import { int32, type Tensor } from "../run/tensor.js";

/** Which of a batch's arrays hold row numbers of which parameter: `{ item: ["positive", "negative"] }`. */
export type RowIndices = Readonly<Record<string, readonly string[]>>;

/** The rows of one table that a batch touches. */
export interface TouchedRows {
  /** The row numbers, each once, in the order of their first use. */
  readonly rows: Int32Array;
  /** Rows of the small table that stands for the table in the graph: always as many as the batch has indices. */
  readonly capacity: number;
}

/**
 * Numbers the rows that a batch touches, 0, 1, 2 ..., so that the graph sees a small table of these rows instead of
 * the whole one.
 * @returns the rows, and the batch's index arrays in the new numbers.
 */
export function numberRows(indices: readonly Tensor[]): { touched: TouchedRows; local: Tensor[] } {
  const numbers = new Map<number, number>();
  const local = indices.map(({ shape, data }) => {
    const renumbered = new Int32Array(data.length);
    for (let i = 0; i < data.length; i++) {
      let number = numbers.get(data[i]);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(data[i], number);
      }
      renumbered[i] = number;
    }
    return int32(renumbered, shape);
  });
  const capacity = indices.reduce((count, { data }) => count + data.length, 0);
  return { touched: { rows: Int32Array.from(numbers.keys()), capacity }, local };
}

/** The touched rows of a table, followed by rows of zeros up to the capacity. */
export function takeRows(table: Tensor, { rows, capacity }: TouchedRows): Tensor {
  const width = table.data.length / table.shape[0];
  const data = new Float32Array(capacity * width);
  rows.forEach((row, i) => {
    data.set(table.data.subarray(row * width, (row + 1) * width), i * width);
  });
  return { shape: [capacity, ...table.shape.slice(1)], data };
}

/** Writes the touched rows back into the table. */
export function putRows(table: Tensor, { rows }: TouchedRows, small: Tensor): void {
  const width = table.data.length / table.shape[0];
  rows.forEach((row, i) => {
    table.data.set(small.data.subarray(i * width, (i + 1) * width), row * width);
  });
}
