import type { LanguageModel } from "../../llm/language-model.js";
import { type Fitted, notCharged, type RunContext } from "../../recommenders/recommender.js";
import type { ConversationCase, ConversationTraining } from "../../tasks/conversation.js";
import { type OwnTitles, ownTitles } from "./answers.js";
import { unseenItems } from "./lessons.js";
import type { LessonOptions } from "./options.js";
import { dialoguePrompt, fitPrompts } from "./prompts.js";
import { recallOf } from "./scores.js";

const K = 10;

/**
 * How many of the texts that say what was said are longer than the model takes, so that it is told them cut on the left. Counted whether or not
 * the model is asked once more.
 * @param room - tokens that come after each.
 * @returns no figure where the model takes texts of any length.
 */
export async function dialoguesCut(
  model: LanguageModel,
  texts: readonly string[],
  room: number,
): Promise<Record<string, number>> {
  const { cut } = await fitPrompts(model, texts, room);
  return cut === undefined ? {} : { "dialogues-cut": cut };
}

/**
 * How well scores find what the language model itself would recommend in the test dialogues: of all titles drawn from it; and of those that reindexing
 * met, and of those that it never met, each among such items alone. What its lists cost is not put down to the recommender, which has no need of them.
 */
export function ownRecall(
  train: ConversationTraining,
  options: OwnTitles & Pick<LessonOptions, "unseen">,
  cases: readonly ConversationCase[],
  answer: Fitted<"conversation">["answer"],
  context: RunContext,
): Promise<Record<string, number>> {
  return notCharged(context, (aside) => measured(train, options, cases, answer, aside));
}

async function measured(
  train: ConversationTraining,
  { unseen, ...own }: OwnTitles & Pick<LessonOptions, "unseen">,
  cases: readonly ConversationCase[],
  answer: Fitted<"conversation">["answer"],
  context: RunContext,
): Promise<Record<string, number>> {
  const scores = await answer(cases, context);
  if (!(scores instanceof Float32Array)) return {};
  const lists = await ownTitles(
    train,
    cases.map((one) => dialoguePrompt(one.context)),
    own,
    context,
  );
  const known = lists.map(({ items }) => items.filter((item) => item >= 0));
  const never = unseenItems(train.candidates, unseen, context.seed);
  const among = (isOne: (item: number) => boolean) =>
    recallOf(
      scores,
      known.map((list) => list.filter(isOne)),
      train.candidates.filter(isOne),
      K,
    );
  const values = {
    [`own-recall@${K}`]: among(() => true),
    [`own-recall-met@${K}`]: among((item) => !never.has(item)),
    [`own-recall-unseen@${K}`]: among((item) => never.has(item)),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)));
}
