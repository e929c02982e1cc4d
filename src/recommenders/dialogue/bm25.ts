import { z } from "zod";
import { itemText } from "../../data/dataset.js";
import type { ConversationCase, ConversationTraining } from "../../tasks/conversation.js";
import type { Recommender } from "../recommender.js";
import { Bm25Index } from "./bm25-index.js";
import { scoreRows } from "./score-rows.js";

const options = z.strictObject({
  /** How soon a word's repetitions stop counting. */
  k1: z.number().min(0).default(1.2),
  /** How much long documents are held down. */
  b: z.number().min(0).max(1).default(0.75),
});

type Options = z.infer<typeof options>;

/** BM25 of the words said so far over one document an item. */
function bm25Recommender(
  id: string,
  summary: string,
  documents: (train: ConversationTraining) => string[],
): Recommender<"conversation", Options> {
  return {
    id,
    task: "conversation",
    kind: "classic",
    summary,
    options,
    seeded: false,
    fit(train, given) {
      const texts = documents(train);
      const index = new Bm25Index(texts, given);
      return Promise.resolve({
        answer: (cases, { signal }) =>
          scoreRows(cases, texts.length, signal, (one, row) => {
            index.addScores(wordsOf(one), row);
          }),
      });
    },
  };
}

/** Item text is what the catalogue tells: title, genres, texts. Where it is a title alone, only named titles match. */
export const bm25 = bm25Recommender(
  "bm25",
  "BM25 of the words said so far over the items' text (Robertson and Zaragoza, 2009).",
  ({ items }) => items.keys.map((_, item) => itemText(items, item)),
);

/** An item's document is its text and the contexts of the training recommendations of it, of each turn once. */
export const bm25Dialogues = bm25Recommender(
  "bm25-dialogues",
  "BM25 of the words said so far over what had been said when each item was recommended in training.",
  ({ items, samples }) => {
    const documents = items.keys.map((_, item) => [itemText(items, item)]);
    for (const sample of samples) documents[sample.target].push(wordsOf(sample));
    return documents.map((parts) => parts.join("\n"));
  },
);

function wordsOf({ context }: ConversationCase): string {
  return context.map(({ text }) => text).join("\n");
}
