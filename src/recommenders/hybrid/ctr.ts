import { logLosses } from "../../metrics/ctr/probability.js";
import { meanOverCases } from "../../metrics/aggregate.js";
import type { CtrAnswers, CtrCase, CtrTraining } from "../../tasks/ctr.js";
import { validationCases } from "../ctr/validation-cases.js";
import type { Fitted, RunContext } from "../recommender.js";
import { weightings } from "./combine.js";

/** Probabilities are moved this far away from 0 and 1 before their logit is taken. */
const FLOOR = 1e-6;

/** The weighted mean of the members' logits, as a probability; the weights have the lowest validation log loss. */
export async function blendProbabilities(
  label: string,
  members: readonly Fitted<"ctr">[],
  train: CtrTraining,
  context: RunContext,
): Promise<Fitted<"ctr">> {
  const choices = weightings(members.length);
  const { labels } = train.validation;
  let weights = choices[0];
  if (labels.length > 0) {
    const answers = await answersOf(members, validationCases(train), context);
    const losses = choices.map((choice) => meanOverCases(logLosses(labels, mixed(answers, choice))).mean);
    const best = losses.reduce((found, loss, at) => (loss < losses[found] ? at : found), 0);
    weights = choices[best];
    context.progress.note(
      `${label}: the weights ${weights.join(", ")} have the lowest validation log loss, ${losses[best].toFixed(4)}`,
    );
  }
  return {
    answer: async (cases, own) => mixed(await answersOf(members, cases, own), weights),
  };
}

async function answersOf(
  members: readonly Fitted<"ctr">[],
  cases: readonly CtrCase[],
  context: RunContext,
): Promise<CtrAnswers[]> {
  const answers: CtrAnswers[] = [];
  for (const member of members) answers.push(await member.answer(cases, context));
  return answers;
}

function mixed(answers: readonly CtrAnswers[], weights: readonly number[]): Float64Array {
  return Float64Array.from(answers[0], (_, n) => {
    const logit = answers.reduce((sum, own, member) => {
      const p = Math.min(1 - FLOOR, Math.max(FLOOR, own[n]));
      return sum + weights[member] * Math.log(p / (1 - p));
    }, 0);
    return 1 / (1 + Math.exp(-logit));
  });
}
