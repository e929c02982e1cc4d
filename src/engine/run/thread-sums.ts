/** Up to so many threads a product of matrices has the same bits. */
const MOST_THREADS = 16;

/** Columns that a thread takes at least, and multiples of which it takes. */
const ALIGNMENT = 16;
/** Depth up to which a sum is made in one go; and columns from which on it is cut at this depth. */
const BLOCK = 128;

/**
 * Whether the runtime's sums in a product of matrices [rows, depth] and [depth, columns] depend on the number of
 * threads. Its kernel (MLAS, sgemm.cpp) gives each thread some of the columns where there are more columns than rows, else
 * some of the rows. A sum over more than 128 products is cut in blocks, and the fewer columns a thread has, from 64
 * on down, the longer they are. Other blocks, other rounding. The product turned round, of the transposed matrices, has more rows
 * than columns and no such fault.
 */
export function sumsDependOnThreads(rows: number, columns: number, depth: number): boolean {
  if (columns <= rows || depth <= BLOCK) return false;
  const share = Math.floor(Math.ceil(columns / ALIGNMENT) / MOST_THREADS) * ALIGNMENT;
  return share <= BLOCK / 2;
}
