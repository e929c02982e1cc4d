import { itemLine, itemText } from "../../data/dataset.js";
import type { Random } from "../../core/random.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { CtrTraining } from "../../tasks/ctr.js";
import type { TextsOf } from "./augmented.js";
import { type ExplainedCase, generationPrompt } from "./cases.js";
import { explain } from "./explanations.js";
import type { ExplanationOptions } from "./options.js";
import { openWriter } from "./policy.js";
import { shuffled, templateText } from "./texts.js";

/** Whoever writes a text about each pair: a language model, a rule, a control. What it learns, it learns from the training part. */
export type Writer<O = ExplanationOptions> = (
  train: CtrTraining,
  options: O,
  context: RunContext,
) => Promise<TextsOf>;

/** The model as it is. */
export const untrained: Writer = async (train, options, context) => {
  const model = await openWriter(await context.llm());
  return async (cases, own) =>
    (await explain(train, cases, model, options, own)).explanations.map(({ text }) => text);
};

/** The same for each case, whatever the others are. */
function each(
  textOf: (train: CtrTraining, one: ExplainedCase, options: ExplanationOptions) => string,
): Writer {
  return (train, options) =>
    Promise.resolve((cases) => Promise.resolve(cases.map((one) => textOf(train, one, options))));
}

/** The request for an explanation, without one. */
export const request = each(({ items }, one, { shown }) => generationPrompt(items, one, shown));

/** A sentence about the most similar liked and disliked items. */
export const template = each(({ items }, one) => templateText(items, one));

/** The target's title line. */
export const title = each(({ items }, { item }) => itemLine(items, item));

/** All that is told of the target: title, genres and texts. */
export const content = each(({ items }, { item }) => itemText(items, item));

/** Another writer's texts, each given to another pair. */
export function mixed<O>(writer: Writer<O>): Writer<O> {
  return async (train, options, context) => {
    const random: Random = context.random.fork("texts");
    const write = await writer(train, options, context);
    return async (cases, own) => shuffled(await write(cases, own), random.fork(cases.length));
  };
}
