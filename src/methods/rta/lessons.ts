import { Random } from "../../core/random.js";
import type { Vectors } from "../../llm/language-model.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ConversationCase, ConversationTraining } from "../../tasks/conversation.js";
import { namedItems, ownTitles } from "./answers.js";
import type { LessonOptions } from "./options.js";
import { descriptionPrompt, dialoguePrompt } from "./prompts.js";
import { queryStates } from "./queries.js";
import type { Pair } from "./softmax-batch.js";

/** What reindexing learns from: nothing of it says what the platform recommended. */
export interface Lessons {
  /** States of the prompts [rows, width]. */
  readonly queries: Vectors;
  /** Each query with what the language model itself would answer. */
  readonly pairs: readonly Pair[];
  /** The same of the validation dialogues, to stop by. */
  readonly validation: readonly Pair[];
  /** Items that the training may meet: all but the unseen ones. */
  readonly pool: Int32Array;
}

/** Each turn once, without what was recommended there. */
export function turnsOf(samples: readonly ConversationCase[]): ConversationCase[] {
  return [...new Map(samples.map((sample) => [sample.name, sample])).values()];
}

/**
 * Lessons to retrieve (L2R: dialogues, with the items that the language model recommends there) and to index (L2I: descriptions of
 * items, with the title that the language model gives to each).
 */
export async function lessons(
  train: ConversationTraining,
  options: LessonOptions,
  context: RunContext,
): Promise<Lessons> {
  const { items, candidates } = train;
  const talk = (samples: readonly ConversationCase[]) =>
    turnsOf(samples)
      .slice(-options.turns)
      .map((turn) => dialoguePrompt(turn.context));
  const dialogues = talk(train.samples);
  const held = talk(train.validation);
  const told = options.descriptions
    ? Array.from(candidates, (item) => descriptionPrompt(items, item)).filter((text) => text !== undefined)
    : [];
  const lists = await ownTitles(train, [...dialogues, ...held], options, context);
  const names = told.length === 0 ? [] : await namedItems(train, told, options.grounding, context);
  const queries = await queryStates([...dialogues, ...held, ...told], context);

  const unseen = unseenItems(candidates, options.unseen, context.seed);
  const pairsOf = (answers: readonly { readonly items: readonly number[] }[], from: number): Pair[] =>
    answers.flatMap((answer, n) =>
      answer.items.filter((item) => item >= 0).map((item) => ({ query: from + n, item })),
    );
  const met = ({ item }: Pair) => !unseen.has(item);
  return {
    queries,
    pairs: [
      ...pairsOf(lists.slice(0, dialogues.length), 0),
      ...pairsOf(names, dialogues.length + held.length),
    ].filter(met),
    validation: pairsOf(lists.slice(dialogues.length), dialogues.length).filter(met),
    pool: candidates.filter((item) => !unseen.has(item)),
  };
}

/** The items that reindexing never meets. */
export function unseenItems(candidates: Int32Array, share: number, seed: number): ReadonlySet<number> {
  const count = Math.floor(share * candidates.length);
  const chosen = Random.fromSeed(seed).fork("rta/unseen").sample(candidates.length, count);
  return new Set(Array.from(chosen, (n) => candidates[n]));
}
