import type { Fitted, RunContext } from "../../recommenders/recommender.js";
import type { CtrTraining } from "../../tasks/ctr.js";
import { fitBackbone, type TextsOf } from "./augmented.js";
import { casesOf, zeroShotPrompt } from "./cases.js";
import { explain } from "./explanations.js";
import { newest, rowsAt } from "./folds.js";
import { yesProbabilities } from "./judge.js";
import type { ImitationOptions, SftRowOptions } from "./options.js";
import { withAdapter } from "../../llm/local/with-adapter.js";
import { openPolicyModel } from "./policy.js";
import { tuneOnVerdicts } from "./sft.js";

/** TALLRec in the small (Bao et al., RecSys 2023): Yes or No learnt from labelled pairs, and asked straight. */
export async function fitSft(
  train: CtrTraining,
  options: SftRowOptions,
  context: RunContext,
): Promise<Fitted<"ctr">> {
  const model = await openPolicyModel(await context.llm());
  const rows = rowsAt(train.rows, newest(train.rows, options.pairs));
  const prompts = casesOf(train, rows).map((one) => zeroShotPrompt(train.items, one, options.shown));
  const likes = Array.from(rows.labels, (label) => label === 1);
  const policy = await tuneOnVerdicts(model, prompts, likes, options, context);
  return {
    answer: (cases, own) =>
      withAdapter(model, policy.adapter, "policy", () =>
        yesProbabilities(
          model,
          cases.map((one) => zeroShotPrompt(train.items, one, options.shown)),
          own,
        ),
      ),
  };
}

/**
 * RecExplainer's alignment of behaviour in the small (Lei et al., KDD 2024): the language model learns to answer as the click-through model
 * does, above or below the median of its probabilities, and explains then.
 */
export async function imitatingWriter(
  train: CtrTraining,
  options: ImitationOptions,
  context: RunContext,
): Promise<TextsOf> {
  const model = await openPolicyModel(await context.llm());
  const cases = casesOf(train, rowsAt(train.rows, newest(train.rows, options.pairs)));
  const network = await fitBackbone(train, options, context);
  const expected = await network.predict(cases);
  const middle = expected.slice().sort()[Math.floor(expected.length / 2)];
  const prompts = cases.map((one) => zeroShotPrompt(train.items, one, options.shown));
  const likes = Array.from(expected, (p) => p >= middle);
  const policy = await tuneOnVerdicts(model, prompts, likes, options, context);
  return (some, own) =>
    withAdapter(model, policy.adapter, "policy", async () => {
      const { explanations } = await explain(train, some, model, options, own);
      return explanations.map(({ text }) => text);
    });
}
