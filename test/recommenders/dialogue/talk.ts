import type { Dialogue, Mention, Turn } from "../../../src/data/dialogue.js";
import type { Dataset } from "../../../src/data/dataset.js";
import { makeSplit } from "../../../src/data/splits/strategies.js";
import type { Recommender } from "../../../src/recommenders/recommender.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import { conversationProtocol, type ConversationProtocol } from "../../../src/tasks/conversation-protocol.js";
import { contextOf } from "../support.js";

/** A turn in short: `S` or `R`, then words; a number names that item, `~` before it in passing, -1 what is no item. */
export function turnOf(short: string): Turn {
  const [role, ...words] = short.split(" ");
  const mentions: Mention[] = [];
  let text = "";
  for (const word of words) {
    if (text !== "") text += " ";
    const match = /^(~?)(-?\d+)$/.exec(word);
    if (match !== null) {
      const passing = match[1] === "~";
      const end = text.length + word.length;
      mentions.push({ item: Number(match[2]), start: text.length, end, ...(passing && { passing: true }) });
    }
    text += word;
  }
  return { role: role === "S" ? "seeker" : "recommender", text, mentions };
}

/** Dialogues a day apart, the last one test, the one before validation; items by number with the given titles. */
export function talk(titles: readonly string[], ...dialogues: readonly (readonly string[])[]): Dataset {
  return {
    name: "talk",
    users: { keys: [], attributes: {} },
    items: {
      keys: titles.map((_, item) => `i${item}`),
      titles,
      texts: {},
      categoryNames: [],
      categories: titles.map(() => []),
      attributes: {},
    },
    interactions: { users: new Int32Array(0), items: new Int32Array(0), values: null, times: null },
    dialogues: dialogues.map((turns, n): Dialogue => ({
      id: `d${n}`,
      user: -1,
      time: n * 86_400,
      turns: turns.map(turnOf),
    })),
    notes: [],
    history: [],
  };
}

/** The protocol with the last dialogue as test and the one before as validation. */
export function protocolOf(dataset: Dataset): ConversationProtocol {
  const share = 1 / dataset.dialogues!.length;
  return conversationProtocol(
    dataset,
    makeSplit(dataset, "dialogue-time", { validation: share, test: share }),
  );
}

/** Fits and scores the test turns: rows. */
export async function answerTurns<O>(
  recommender: Recommender<"conversation", O>,
  { training, turns }: ConversationProtocol,
  given: Record<string, unknown> = {},
  truth?: Dataset["truth"],
): Promise<number[][]> {
  const context = { ...contextOf(recommender.id), truth };
  const fitted = await recommender.fit(training, resolveOptions(recommender, given), context);
  const scores = await fitted.answer(turns, context);
  if (!(scores instanceof Float32Array)) throw new Error("no scores");
  const width = training.items.keys.length;
  return turns.map((_, n) => Array.from(scores.subarray(n * width, (n + 1) * width)));
}
