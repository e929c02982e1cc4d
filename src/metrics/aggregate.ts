/** A mean over cases, and how many it is over. */
export interface CaseMean {
  /** NaN where the metric applies to no case. */
  readonly mean: number;
  /** Cases with a value. */
  readonly n: number;
  /** Cases to which the metric does not apply (NaN): left out of the mean, never counted as 0. */
  readonly skipped: number;
}

/**
 * The mean of one metric over cases.
 * @param values - one value a case, or a table [cases, columns] row-major with `columns` and `column` given.
 */
export function meanOverCases(values: ArrayLike<number>, columns = 1, column = 0): CaseMean {
  let sum = 0;
  let n = 0;
  let cases = 0;
  for (let at = column; at < values.length; at += columns) {
    cases++;
    if (Number.isNaN(values[at])) continue;
    sum += values[at];
    n++;
  }
  return { mean: n === 0 ? NaN : sum / n, n, skipped: cases - n };
}
