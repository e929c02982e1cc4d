import { DataError } from "../../core/errors.js";
import { choleskyInverse } from "../../engine/linalg/spd-inverse.js";
import type { Fitted, RunContext } from "../../recommenders/recommender.js";
import type { CtrTraining } from "../../tasks/ctr.js";
import { fitBackbone, type TextsOf } from "./augmented.js";
import { casesOf, type ExplainedCase } from "./cases.js";
import { withFewerValidation } from "./folds.js";
import { judgeExplanations } from "./judge.js";
import type { AugmentedOptions } from "./options.js";

/**
 * The click-through model without texts and the reader of explanations, joined: logit p = a + b logit p_ID + c logit p_reader, with
 * coefficients from the validation pairs, which neither has trained on (the model's best epoch was
 * chosen by them, which flatters it a little). What it gains over the click-through model, the explanations know and that
 * model doesn't.
 * @throws DataError NO_VALIDATION where there are no validation pairs.
 */
export async function fitStacked(
  write: TextsOf,
  train: CtrTraining,
  options: AugmentedOptions,
  context: RunContext,
): Promise<Fitted<"ctr">> {
  const { validation } = withFewerValidation(train, options.explained);
  if (validation.labels.length === 0) {
    throw new DataError(
      "NO_VALIDATION",
      "two predictions are joined by validation pairs, and there are none",
      {
        hint: "Leave some: --set split.validation=0.1.",
      },
    );
  }
  const model = await context.llm();
  const network = await fitBackbone(train, options, context);
  const featuresOf = async (cases: readonly ExplainedCase[], own: RunContext) => {
    const targets = cases.map(({ item }) => item);
    const read = await judgeExplanations(model, train.items, targets, await write(cases, own), own);
    const known = await network.predict(cases);
    return cases.map((_, n) => [1, logit(known[n]), logit(read[n])]);
  };
  const weights = logisticRegression(
    await featuresOf(casesOf(train, validation), context),
    validation.labels,
  );
  return {
    answer: async (cases, own) =>
      Float64Array.from(await featuresOf(cases, own), (features) => sigmoid(dot(weights, features))),
    explain: write,
  };
}

/** Half the squared weights count this much in {@link logisticRegression}: only enough to keep constant features harmless. */
const RIDGE = 1e-3;
const NEWTON_STEPS = 30;

/** Weights of the features by Newton's method on the summed log loss and a slight ridge. */
export function logisticRegression(
  features: readonly (readonly number[])[],
  labels: ArrayLike<number>,
): Float64Array {
  const size = features[0].length;
  const weights = new Float64Array(size);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const gradient = weights.map((weight) => RIDGE * weight);
    const hessian = new Float64Array(size * size);
    for (let k = 0; k < size; k++) hessian[k * size + k] = RIDGE;
    features.forEach((row, n) => {
      const p = sigmoid(dot(weights, row));
      row.forEach((x, k) => {
        gradient[k] += (p - labels[n]) * x;
        row.forEach((y, l) => (hessian[k * size + l] += p * (1 - p) * x * y));
      });
    });
    choleskyInverse(hessian, size);
    for (let k = 0; k < size; k++) {
      for (let l = 0; l < size; l++) weights[k] -= hessian[k * size + l] * gradient[l];
    }
  }
  return weights;
}

function dot(a: ArrayLike<number>, b: readonly number[]): number {
  return b.reduce((sum, value, n) => sum + value * a[n], 0);
}

function logit(p: number): number {
  const kept = Math.min(1 - 1e-7, Math.max(1e-7, p));
  return Math.log(kept / (1 - kept));
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
