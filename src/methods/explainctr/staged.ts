import { hashArrays, hashOf } from "../../core/hash.js";
import { Random } from "../../core/random.js";
import type { LocalModel } from "../../llm/local/local-model.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { CtrTraining } from "../../tasks/ctr.js";
import { align, type TrainedPolicy } from "./align.js";
import { fitAugmented, type TextsOf } from "./augmented.js";
import { explain } from "./explanations.js";
import { explainerOf, type Fold, foldsOf, rowsAt, withRows } from "./folds.js";
import type { AlignmentOptions } from "./options.js";
import { withAdapter } from "../../llm/local/with-adapter.js";
import { openPolicyModel } from "./policy.js";
import { TEXT_SCALE } from "./vectors.js";

/** How far the stages are gone through: stage 1 alone, all three, or all without the reader's reward (and so without stage 1). */
export type Extent = "lc" | "all" | "ic-only";

type FoldPolicy = Fold & TrainedPolicy;

/**
 * Trains the policies of the stages, one a fold, and writes with them. A training pair is explained by the policy that its label
 * did not reward; each other pair by one policy alone, whichever its user and item decide: a mean of two would be better than one for no
 * merit of the method.
 */
export async function trainedWriter(
  extent: Extent,
  train: CtrTraining,
  options: AlignmentOptions,
  context: RunContext,
): Promise<TextsOf> {
  const model = await openPolicyModel(await context.llm());
  const policies = await policiesOf(extent, train, model, options, context);
  const explainer = explainerOf(policies, train.rows);
  const writers = policies.map((one) => writeWith(one, train, model, options));
  return async (cases, own) => {
    const texts = new Array<string>(cases.length).fill("");
    for (const [fold, write] of writers.entries()) {
      const mine = [...cases.keys()].filter((n) => explainer(cases[n].user, cases[n].item) === fold);
      if (mine.length === 0) continue;
      const written = await write(
        mine.map((n) => cases[n]),
        own,
      );
      mine.forEach((n, at) => (texts[n] = written[at]));
    }
    return texts;
  };
}

/** A policy's explanations; without one the untrained model's. The adapter is on while it writes, and off again for whoever reads. */
function writeWith(
  trained: TrainedPolicy | undefined,
  train: CtrTraining,
  model: LocalModel,
  options: AlignmentOptions,
): TextsOf {
  return async (cases, context) => {
    const { explanations } = await withAdapter(model, trained?.policy.adapter, "policy", () =>
      explain(train, cases, model, options, context),
    );
    return explanations.map(({ text }) => text);
  };
}

async function policiesOf(
  extent: Extent,
  train: CtrTraining,
  model: LocalModel,
  options: AlignmentOptions,
  context: RunContext,
): Promise<FoldPolicy[]> {
  const random = Random.fromSeed(context.seed).fork("explainctr");
  const { crossFit, lcSteps, icSteps, rounds, backbone, training, explained } = options;
  const policies: FoldPolicy[] = [];
  const folds = foldsOf(train.rows, crossFit, random.fork("folds"));
  for (const [n, fold] of folds.entries()) {
    const named = { number: n + 1, of: folds.length };
    const rewarded = rowsAt(train.rows, fold.rewarded);
    const reader = extent !== "ic-only";
    let policy = reader
      ? await align(
          train,
          rewarded,
          model,
          options,
          { stage: "lc", round: 0, fold: named, steps: lcSteps, reader },
          context,
        )
      : undefined;
    for (let round = 0; extent !== "lc" && round < rounds; round++) {
      const augmented = await fitAugmented(
        withRows(train, fold.explained),
        model,
        writeWith(policy, train, model, options),
        options,
        { ...context, random: random.fork(`stage 2/${round}`) },
      );
      const data = [train.hash, hashArrays([fold.explained])];
      const key = hashOf([TEXT_SCALE, policy?.key, ...data, backbone, training, explained]);
      policy = await align(
        train,
        rewarded,
        model,
        options,
        {
          stage: "ic",
          round,
          fold: named,
          steps: icSteps,
          reader,
          network: { augmented, key },
          start: policy,
        },
        context,
      );
    }
    if (policy !== undefined) policies.push({ ...fold, ...policy });
  }
  return policies;
}
