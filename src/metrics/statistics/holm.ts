/**
 * Holm's step-down correction (Holm 1979): with the p values in ascending order, the i-th (from 0) of m is multiplied by
 * m - i, made monotone and at most 1. Rejecting where the result is <= alpha keeps the chance of any false rejection
 * among the m comparisons at alpha, whatever their dependence. NaN (no test was possible) stays NaN and does not count.
 * @param pValues - of the comparisons declared before the run, all of them.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues
    .map((p, i) => ({ p, i }))
    .filter(({ p }) => !Number.isNaN(p))
    .sort((a, b) => a.p - b.p);
  const adjusted = pValues.map(() => NaN);
  let largest = 0;
  order.forEach(({ p, i }, place) => {
    largest = Math.max(largest, Math.min(1, (order.length - place) * p));
    adjusted[i] = largest;
  });
  return adjusted;
}
