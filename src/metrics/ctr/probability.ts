import { requireLabelled } from "./labels.js";

/** Probabilities are moved this far away from 0 and 1 before the logarithm: float32 can't tell nearer ones apart. */
export const PROBABILITY_FLOOR = 1e-7;

/**
 * Log loss of each case: -ln p for a positive, -ln(1 - p) for a negative case, p limited to 1e-7..1 - 1e-7 (so at most
 * 16.1). Its mean over cases is the log loss.
 * @throws DataError as of {@link requireLabelled}.
 */
export function logLosses(labels: ArrayLike<number>, probabilities: ArrayLike<number>): Float64Array {
  requireLabelled(labels, probabilities, true);
  return Float64Array.from({ length: labels.length }, (_, i) => {
    const given = labels[i] === 1 ? probabilities[i] : 1 - probabilities[i];
    return -Math.log(Math.min(1 - PROBABILITY_FLOOR, Math.max(PROBABILITY_FLOOR, given)));
  });
}

/**
 * Brier score of each case: (p - label) squared. Its mean over cases is the Brier score (Brier 1950, binary form: 0..1).
 * @throws DataError as of {@link requireLabelled}.
 */
export function brierScores(labels: ArrayLike<number>, probabilities: ArrayLike<number>): Float64Array {
  requireLabelled(labels, probabilities, true);
  return Float64Array.from({ length: labels.length }, (_, i) => (probabilities[i] - labels[i]) ** 2);
}

/**
 * Absolute error of each case: |p - label|. What is left of 1 is the probability that the answer gives to the true label, which ExpCTR rewards
 * with `reward=probability`.
 * @throws DataError as of {@link requireLabelled}.
 */
export function absoluteErrors(labels: ArrayLike<number>, probabilities: ArrayLike<number>): Float64Array {
  requireLabelled(labels, probabilities, true);
  return Float64Array.from({ length: labels.length }, (_, i) => Math.abs(probabilities[i] - labels[i]));
}

/** One bar of a reliability diagram. */
export interface CalibrationBin {
  readonly cases: number;
  /** Mean predicted probability; NaN for an empty bin. */
  readonly predicted: number;
  /** Share of positives; NaN for an empty bin. */
  readonly observed: number;
}

/**
 * Expected calibration error (Naeini et al., AAAI 2015): cases are put into bins of equal width by probability, and the
 * distance between mean probability and share of positives is averaged over the bins, weighted by their cases. Bin b of
 * B holds b/B <= p < (b + 1)/B, the last one also p = 1. NaN without cases.
 * @param binCount - B; 15, as in Guo et al. (ICML 2017), in every table.
 * @param weights - how often each case counts (bootstrap); 1 where left out.
 * @throws DataError as of {@link requireLabelled}.
 */
export function calibration(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  binCount = 15,
  weights?: ArrayLike<number>,
): { error: number; bins: CalibrationBin[] } {
  requireLabelled(labels, probabilities, true);
  const cases = new Float64Array(binCount);
  const predicted = new Float64Array(binCount);
  const positives = new Float64Array(binCount);
  for (let i = 0; i < labels.length; i++) {
    const bin = Math.min(binCount - 1, Math.floor(probabilities[i] * binCount));
    const weight = weights === undefined ? 1 : weights[i];
    cases[bin] += weight;
    predicted[bin] += weight * probabilities[i];
    positives[bin] += weight * labels[i];
  }
  const total = cases.reduce((sum, count) => sum + count, 0);
  let error = 0;
  for (let bin = 0; bin < binCount; bin++) error += Math.abs(predicted[bin] - positives[bin]) / total;
  const bins = Array.from(cases, (count, bin) => ({
    cases: count,
    predicted: predicted[bin] / count,
    observed: positives[bin] / count,
  }));
  return { error: total === 0 ? NaN : error, bins };
}
