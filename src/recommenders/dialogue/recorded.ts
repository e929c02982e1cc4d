import { z } from "zod";
import { DataError } from "../../core/errors.js";
import type { AnsweredList, ConversationTraining } from "../../tasks/conversation.js";
import type { Recommender } from "../recommender.js";

const none = z.strictObject({});

/**
 * A language model's published answers, with the tokens that they cost then; nothing is asked. An answer is the item of
 * the title that it was taken for; of several items of one title the one that training names most often.
 */
function recorded(
  id: string,
  model: string,
  source: string,
): Recommender<"conversation", z.infer<typeof none>> {
  return {
    id,
    task: "conversation",
    kind: "llm",
    summary: `What ${model} answered zero-shot, as recorded by ${source}; only where the data hold its answers.`,
    options: none,
    seeded: false,
    needsRecording: model,
    fit(train) {
      const recording = train.recordings.find((one) => one.model === model);
      if (recording === undefined) throw new Error(`${id}: no recording`);
      const itemOf = itemsByTitle(train);
      return Promise.resolve({
        answer(cases, { cost }) {
          return Promise.resolve(
            cases.map(({ name }): AnsweredList => {
              const answer = recording.byTurn.get(name);
              if (answer === undefined) {
                throw new DataError(
                  "NO_RECORDED_ANSWER",
                  `${model} has no recorded answer for turn ${name}`,
                  {
                    hint: "The answers belong to the published split: --split published.",
                  },
                );
              }
              const { texts, titles, promptTokens, completionTokens } = answer;
              cost.addCalls({ calls: 1, promptTokens, completionTokens });
              return { texts, titles, items: Int32Array.from(titles, (title) => itemOf.get(title) ?? -1) };
            }),
          );
        },
      });
    },
  };
}

/**
 * Items by title; among equal titles that of most training mentions, then of the lower number.
 * @param keyOf - what makes titles equal; by default their letters.
 */
export function itemsByTitle(
  { items, candidates, dialogues }: ConversationTraining,
  keyOf: (title: string) => string = (title) => title,
): Map<string, number> {
  const mentions = new Float64Array(items.keys.length);
  for (const { turns } of dialogues)
    for (const turn of turns) for (const { item } of turn.mentions) if (item >= 0) mentions[item]++;
  const found = new Map<string, number>();
  for (const item of candidates) {
    const key = keyOf(items.titles[item]);
    const other = found.get(key);
    if (other === undefined || mentions[item] > mentions[other]) found.set(key, item);
  }
  return found;
}

const HE = "He et al., CIKM 2023";

export const gpt4Recorded = recorded("gpt-4-recorded", "gpt-4", HE);
export const gpt35Recorded = recorded("gpt-35-recorded", "gpt-3.5-turbo", HE);
