import type { Random } from "../../core/random.js";
import { type Csr, hasEntry, rowIndices } from "../../data/csr.js";
import type { TrainingPair } from "../../llm/training/batches.js";
import { itemsOf } from "../../recommenders/sampling/negatives.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import { judgementPrompt, NO, YES } from "../prompts/judgement.js";
import { someItems, wordedHistories } from "./history.js";
import { itemInWords, itemsWithWords } from "./items-in-words.js";

export interface SampleOptions {
  /** The most items of a user's history in a prompt. */
  readonly history: number;
  /** What an item is called in the question. */
  readonly noun: string;
  /** The most users to learn from, drawn at random; each gives one Yes and one No. */
  readonly users: number;
}

/** One question to the judge, in item numbers, and whether the answer is Yes. */
export interface JudgeSample {
  readonly user: number;
  readonly history: Int32Array;
  readonly target: number;
  readonly liked: boolean;
}

/**
 * What the judge learns from (appendix A.1 of version 1): for each user some random training items as the history, one *other* item of
 * the user's with the answer Yes, and one warm item that's not the user's with the answer No, 1:1, in random order. Users with too few items
 * give none, and items without words are never named.
 * @param targets - where the Yes items come from [users, items]: the training pairs, or validation pairs to stop early by.
 */
export function judgeSamples(
  train: Pick<ColdStartTraining, "users" | "items" | "interactions" | "matrix">,
  { history, users }: Pick<SampleOptions, "history" | "users">,
  random: Random,
  targets: Csr = train.matrix,
): JudgeSample[] {
  const words = itemsWithWords(train.items);
  const warm = itemsOf(train.matrix).filter((item) => words[item] === 1);
  const histories = wordedHistories(train);
  const isOwn = (user: number, item: number) =>
    hasEntry(train.matrix, user, item) || hasEntry(targets, user, item);
  const goals = histories.map((_, user) => rowIndices(targets, user).filter((item) => words[item] === 1));
  const able = Int32Array.from(histories.keys()).filter(
    (user) =>
      goals[user].length > 0 &&
      histories[user].some((item) => goals[user].length > 1 || item !== goals[user][0]) &&
      warm.some((item) => !isOwn(user, item)),
  );
  const samples = Array.from(someItems(able, users, random.fork("users"))).flatMap((user): JudgeSample[] => {
    const draws = random.fork(user);
    const goal = draws.pick(goals[user]);
    let other = draws.pick(warm);
    while (isOwn(user, other)) other = draws.pick(warm);
    const context = someItems(
      histories[user].filter((item) => item !== goal),
      history,
      draws,
    );
    return [
      { user, history: context, target: goal, liked: true },
      { user, history: context, target: other, liked: false },
    ];
  });
  return random.fork("order").shuffle(samples);
}

/** The prompt of a question, in words. */
export function promptOf(
  { items }: Pick<ColdStartTraining, "items">,
  history: Int32Array,
  target: number,
  noun: string,
): string {
  const named = Array.from(history, (item) => itemInWords(items, item));
  return judgementPrompt(named, itemInWords(items, target), noun);
}

/** A sample as prompt and completion. */
export function trainingPair(
  train: Pick<ColdStartTraining, "items">,
  { history, target, liked }: JudgeSample,
  noun: string,
): TrainingPair {
  return { prompt: promptOf(train, history, target, noun), completion: liked ? YES : NO };
}
