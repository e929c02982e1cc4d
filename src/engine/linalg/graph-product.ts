import type { RowGraph } from "./pairwise.js";
import { PairwiseTable } from "./pairwise.js";
import { restride } from "./sparse-rows.js";

/** Multiplies tables [rows, size] by a symmetric sparse matrix A given as a graph. */
export interface GraphProduct {
  /** A x, a new array [rows, size]. */
  multiply(x: Float32Array): Float32Array;
}

/** Prepares products with tables of one size, in WebAssembly. */
export async function graphProduct(graph: RowGraph, size: number): Promise<GraphProduct> {
  const { rows } = graph.pattern;
  const table = await PairwiseTable.create(rows, size, 0, 1, graph);
  return {
    multiply(x) {
      restride(x, size, table.state.table, table.stride);
      const out = new Float32Array(rows * size);
      restride(table.neighbours(), table.stride, out, size);
      return out;
    },
  };
}
