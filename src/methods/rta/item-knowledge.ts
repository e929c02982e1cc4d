import { Random } from "../../core/random.js";
import { notCharged, type RunContext } from "../../recommenders/recommender.js";
import type { ConversationTraining } from "../../tasks/conversation.js";
import { describedItems } from "./answers.js";
import { descriptionPrompt } from "./prompts.js";
import { TitleMatcher } from "./titles.js";

/** The most items that are asked about. */
const MOST_ITEMS = 300;

/**
 * Whether the language model knows the catalogue (Reindex-Then-Adapt asks so with descriptions from Wikipedia): the share of items whose
 * description makes it write their title. Items without a description, or whose description says the title, are not asked about; of
 * many, the same ones in every run. What it costs is not put down to the recommender.
 * @returns no figure where nothing is described.
 */
export function itemKnowledge(
  train: ConversationTraining,
  context: RunContext,
): Promise<Record<string, number>> {
  return notCharged(context, (aside) => measured(train, aside));
}

async function measured(train: ConversationTraining, context: RunContext): Promise<Record<string, number>> {
  const { items, candidates } = train;
  const matcher = new TitleMatcher(train);
  const described = Array.from(candidates).flatMap((item) => {
    const prompt = descriptionPrompt(items, item);
    const title = matcher.find(items.titles[item]);
    return prompt === undefined || title < 0 ? [] : [{ prompt, title }];
  });
  if (described.length === 0) return {};
  const asked =
    described.length <= MOST_ITEMS
      ? described
      : Array.from(
          Random.fromSeed("rta/described").sample(described.length, MOST_ITEMS),
          (n) => described[n],
        );
  const answers = await describedItems(
    train,
    asked.map(({ prompt }) => prompt),
    context,
  );
  // Items of one title are one to the matcher, so that each of them counts as named.
  const named = answers.filter((answer, n) => answer.items.includes(asked[n].title)).length;
  context.progress.note(`names ${named} of ${asked.length} items whose description it reads`);
  return { "names-described-items": named / asked.length };
}
