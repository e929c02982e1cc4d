/** Keeps the division finite where all numbers are alike (TRL's). */
const EPSILON = 1e-8;

/**
 * Shifts and scales numbers to mean 0 and variance 1 (with Bessel's correction), over all tokens of all answers together: TRL's
 * `masked_whiten`. A single number, or numbers that are all alike, become 0.
 * @param rows - one array an answer, of any lengths.
 */
export function whiten(rows: readonly Float64Array[]): Float64Array[] {
  let [count, sum] = [0, 0];
  for (const row of rows) {
    count += row.length;
    for (const value of row) sum += value;
  }
  const mean = sum / count;
  let squares = 0;
  for (const row of rows) for (const value of row) squares += (value - mean) ** 2;
  const scale = 1 / Math.sqrt(squares / Math.max(1, count - 1) + EPSILON);
  return rows.map((row) => row.map((value) => (value - mean) * scale));
}
