import { itemLine, type ItemTable } from "../../data/dataset.js";
import { PROBABILITY_FLOOR } from "../../metrics/ctr/probability.js";
import type { CallContext, LanguageModel } from "../../llm/language-model.js";
import { explainedQuestion } from "../prompts/explanation.js";
import { NO, YES } from "../prompts/judgement.js";

/** How agreement of a probability with a label is rewarded. The paper's formula is not public. */
export const REWARD_FORMS = ["log-likelihood", "probability", "sign"] as const;
type RewardForm = (typeof REWARD_FORMS)[number];

/** P(Yes) / (P(Yes) + P(No)) after each prompt. Equal prompts are asked once. */
export async function yesProbabilities(
  model: LanguageModel,
  prompts: readonly string[],
  context: CallContext,
): Promise<Float64Array> {
  const distinct = [...new Set(prompts)];
  const questions = distinct.map((prompt) => ({ prompt, continuations: [YES, NO] }));
  const answers = await model.choose(questions, context);
  const of = new Map(
    answers.map(({ logProbs: [yes, no] }, n) => [distinct[n], 1 / (1 + Math.exp(no - yes))]),
  );
  return Float64Array.from(prompts, (prompt) => of.get(prompt) ?? NaN);
}

/**
 * What a reader makes of explanations: p of a like, from explanation and target alone.
 * @param model - with its adapter off: the policy must not be its own judge.
 */
export function judgeExplanations(
  model: LanguageModel,
  items: ItemTable,
  targets: ArrayLike<number>,
  explanations: readonly string[],
  context: CallContext,
): Promise<Float64Array> {
  const prompts = explanations.map((text, n) => explainedQuestion(itemLine(items, targets[n]), text));
  return yesProbabilities(model, prompts, context);
}

/**
 * The reward of a probability p for a true label y: y log p + (1 - y) log (1 - p), p kept 1e-7 from 0 and 1; or the probability of the true
 * label; or 1 where p is on its side of 1/2, -1 on the other and 0 at 1/2.
 */
export function agreement(p: number, label: number, form: RewardForm): number {
  const right = label === 1 ? p : 1 - p;
  switch (form) {
    case "log-likelihood":
      return Math.log(Math.min(1 - PROBABILITY_FLOOR, Math.max(PROBABILITY_FLOOR, right)));
    case "probability":
      return right;
    case "sign":
      return Math.sign(right - 0.5);
  }
}
