import { DataError } from "../../core/errors.js";

/**
 * Checks labels and predictions before anything is computed from them.
 * @param probability - whether predictions must lie in 0..1 and not only be finite.
 * @throws DataError LENGTH_MISMATCH, BAD_LABEL, NOT_FINITE or NOT_PROBABILITY, naming the first bad case (from 0).
 */
export function requireLabelled(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  probability: boolean,
): void {
  if (labels.length !== predictions.length) {
    throw new DataError(
      "LENGTH_MISMATCH",
      `${labels.length} labels were given for ${predictions.length} predictions`,
    );
  }
  for (let i = 0; i < labels.length; i++) {
    const prediction = predictions[i];
    if (labels[i] !== 0 && labels[i] !== 1)
      throw new DataError("BAD_LABEL", `the label of case ${i} is ${labels[i]}, not 0 or 1`);
    if (!Number.isFinite(prediction))
      throw new DataError("NOT_FINITE", `the prediction of case ${i} is ${prediction}`);
    if (probability && (prediction < 0 || prediction > 1))
      throw new DataError("NOT_PROBABILITY", `the prediction of case ${i} is ${prediction}, not within 0..1`);
  }
}
