import { Pace } from "../../core/pace.js";
import { type Csr, transposeCsr } from "../../data/csr.js";
import type { RunContext } from "../recommender.js";
import { TopK } from "./top-k.js";

export interface NeighbourOptions {
  /** How many neighbours each row keeps. Neighbours of similarity 0 are never kept. */
  readonly k: number;
  /** Added to the product of the norms: pulls similarities that rest on few common entries towards 0. */
  readonly shrink: number;
  /** Rows that may be neighbours (1); all where left out. */
  readonly eligible?: Uint8Array;
  /** Shown while it runs. */
  readonly label: string;
}

/**
 * The k nearest other rows of every row by shrunk cosine, `a.b / (|a| |b| + shrink)`, as a matrix [rows, rows]. A row is
 * never its own neighbour; of equally similar rows the one of smaller number is kept. Works through the common columns
 * only (Gustavson's product), so the cost is the sum over columns of their entries squared.
 */
export async function cosineNeighbours(
  rows: Csr,
  options: NeighbourOptions,
  context: Pick<RunContext, "progress" | "signal">,
): Promise<Csr> {
  const columns = transposeCsr(rows);
  const norms = rowNorms(rows);
  const dots = new Float64Array(rows.rows);
  const touched = new Int32Array(rows.rows);
  const best = new TopK(Math.min(options.k, rows.rows));
  const offsets = new Int32Array(rows.rows + 1);
  const indices: number[] = [];
  const values: number[] = [];
  const pace = new Pace(context.signal);
  const step = context.progress.start(options.label, rows.rows);

  for (let row = 0; row < rows.rows; row++) {
    let count = 0;
    for (let at = rows.offsets[row]; at < rows.offsets[row + 1]; at++) {
      const column = rows.indices[at];
      const weight = rows.values[at];
      for (let to = columns.offsets[column]; to < columns.offsets[column + 1]; to++) {
        const other = columns.indices[to];
        if (dots[other] === 0) touched[count++] = other;
        dots[other] += weight * columns.values[to];
      }
    }
    best.clear();
    for (let n = 0; n < count; n++) {
      const other = touched[n];
      const dot = dots[other];
      if (other === row || dot <= 0 || options.eligible?.[other] === 0) continue;
      const similarity = dot / (norms[row] * norms[other] + options.shrink);
      dots[other] = similarity;
      best.push(other, similarity);
    }
    for (const other of best.kept()) {
      indices.push(other);
      values.push(dots[other]);
    }
    for (let n = 0; n < count; n++) dots[touched[n]] = 0;
    offsets[row + 1] = indices.length;
    if (pace.due()) {
      step.update(row);
      await pace.breathe();
    }
  }
  step.end();
  return {
    rows: rows.rows,
    columns: rows.rows,
    offsets,
    indices: Int32Array.from(indices),
    values: Float32Array.from(values),
  };
}

/** The Euclidean norm of every row. */
function rowNorms(matrix: Csr): Float64Array {
  const norms = new Float64Array(matrix.rows);
  for (let row = 0; row < matrix.rows; row++) {
    let sum = 0;
    for (let at = matrix.offsets[row]; at < matrix.offsets[row + 1]; at++) sum += matrix.values[at] ** 2;
    norms[row] = Math.sqrt(sum);
  }
  return norms;
}
