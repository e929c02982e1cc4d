import { type Fitted, notCharged, type RunContext } from "../../recommenders/recommender.js";
import type { ConversationCase, ConversationTraining } from "../../tasks/conversation.js";
import { drawnTitles } from "./answers.js";
import { unseenItems } from "./lessons.js";
import type { LessonOptions } from "./options.js";
import { dialoguePrompt } from "./prompts.js";
import { recallOf } from "./scores.js";

const K = 10;

/**
 * How well scores find what the language model itself would recommend in the test dialogues: of all titles drawn from it; and of those that reindexing
 * met, and of those that it never met, each among such items alone. What its lists cost is not put down to the recommender, which has no need of them.
 */
export function ownRecall(
  train: ConversationTraining,
  options: Pick<LessonOptions, "labels" | "unseen">,
  cases: readonly ConversationCase[],
  answer: Fitted<"conversation">["answer"],
  context: RunContext,
): Promise<Record<string, number>> {
  return notCharged(context, (aside) => measured(train, options, cases, answer, aside));
}

async function measured(
  train: ConversationTraining,
  { labels, unseen }: Pick<LessonOptions, "labels" | "unseen">,
  cases: readonly ConversationCase[],
  answer: Fitted<"conversation">["answer"],
  context: RunContext,
): Promise<Record<string, number>> {
  const scores = await answer(cases, context);
  if (!(scores instanceof Float32Array)) return {};
  const lists = await drawnTitles(
    train,
    cases.map((one) => dialoguePrompt(one.context)),
    labels,
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
