import type { Random } from "../../core/random.js";
import type { LanguageModel } from "../../llm/language-model.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import { itemsWithWords } from "../../data/items-in-words.js";
import { labelsOf, likeThreshold } from "../../data/likes.js";
import type { Rows } from "../../core/safetensors.js";
import { rowDot } from "./rows.js";

/** Which of a user's items a prompt names: those most similar to the target (version 2), random ones (version 1), or the first in the data (the code). */
export type HistoryChoice = "similar" | "random" | "first";

/** Which of a user's items stand for the user in words: all that were `seen`, as in the paper, or those that were `liked`, where ratings tell. */
export type Preference = "seen" | "liked";

/**
 * Every user's training items that have words, in the order of the data. With `liked` only those rated as likes ({@link likeThreshold}); a user without any keeps all.
 * @throws UsageError NO_THRESHOLD where it isn't clear which values are likes.
 */
export function wordedHistories(
  { users, items, interactions }: Pick<ColdStartTraining, "users" | "items" | "interactions">,
  preference: Preference = "seen",
): Int32Array[] {
  const words = itemsWithWords(items);
  const listsOf = (keep: (at: number) => boolean): Int32Array[] => {
    const lists = users.keys.map(() => new Set<number>());
    interactions.users.forEach((user, at) => {
      const item = interactions.items[at];
      if (words[item] === 1 && keep(at)) lists[user].add(item);
    });
    return lists.map((list) => Int32Array.from(list));
  };
  const all = listsOf(() => true);
  if (preference === "seen") return all;
  const data = { name: "these data", interactions };
  const likes = labelsOf(data, likeThreshold(data));
  return listsOf((at) => likes[at] === 1).map((list, user) => (list.length > 0 ? list : all[user]));
}

/** The items most similar to a target, the most similar first; of equals the earlier. */
export function mostSimilar(list: Int32Array, target: number, states: Rows, count: number): Int32Array {
  const similarity = Array.from(list, (item) => cosine(states, item, target));
  const order = Array.from(list.keys()).sort((a, b) => similarity[b] - similarity[a] || a - b);
  return Int32Array.from(order.slice(0, count), (at) => list[at]);
}

function cosine(states: Rows, a: number, b: number): number {
  const norm = Math.sqrt(rowDot(states, a, states, a) * rowDot(states, b, states, b));
  return norm === 0 ? 0 : rowDot(states, a, states, b) / norm;
}

/** So many random items of a list, in random order. */
export function someItems(list: Int32Array, count: number, random: Random): Int32Array {
  return random.sample(list.length, Math.min(count, list.length)).map((at) => list[at]);
}

/**
 * Shortens histories to what a model can read.
 * @param room - tokens that come after the prompt.
 * @returns for a list and the words it becomes: the longest beginning of the list whose prompt fits.
 */
export async function fitter(
  model: LanguageModel,
  room: number,
): Promise<(list: Int32Array, promptOf: (part: Int32Array) => string) => Int32Array> {
  const { contextLength } = model;
  if (contextLength === null || !model.supports("tokenizer")) return (list) => list;
  const tokenizer = await model.tokenizer();
  const limit = contextLength - room;
  return (list, promptOf) => {
    let part = list;
    while (part.length > 0 && tokenizer.encodePrompt(promptOf(part)).length > limit) {
      part = part.subarray(0, part.length - 1);
    }
    return part;
  };
}
