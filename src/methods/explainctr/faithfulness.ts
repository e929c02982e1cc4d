import type { ItemTable } from "../../data/dataset.js";
import type { CountedFigure } from "../../recommenders/recommender.js";
import type { ExplainedCase } from "./cases.js";
import { statesVerdict } from "./verdict-words.js";

/** Texts with what is needed to try how much hangs on them. No label is. */
export interface ExplainedAnswers {
  readonly items: ItemTable;
  readonly cases: readonly ExplainedCase[];
  readonly texts: readonly string[];
  /** The click-through model's probabilities without texts. */
  readonly idProbabilities: ArrayLike<number>;
  /** Items of each list that a writer sees. */
  readonly shown: number;
  /** The reader's probabilities. */
  readonly read: (cases: readonly ExplainedCase[], texts: readonly string[]) => Promise<ArrayLike<number>>;
  /** Writes anew. */
  readonly write: (cases: readonly ExplainedCase[]) => Promise<readonly string[]>;
}

/** Cases whose cited item is taken away, most: each is written and read again. */
const MOST_UNCITED = 100;

/**
 * Figures of faithfulness, by metric name, each with the number of cases that it rests on:
 * - `explanation-words`, `distinct@1`, `distinct@2`: mean words of a text, different words and pairs of words among all of them;
 * - `empty-explanations`, `states-verdict`, `cites-history`: shares that say nothing, that say the answer outright, that name an item
 *   which was shown as liked or disliked;
 * - `id-agreement`: share where the reader and the click-through model stand on the same side of their own means;
 * - `swap-change`: mean change of the reader's probability when a text gives place to another case's;
 * - `uncite-change`: the same when the item that the text cites is taken from the history, and the text written anew.
 */
export async function faithfulness(answers: ExplainedAnswers): Promise<Record<string, CountedFigure>> {
  const { items, cases, texts, idProbabilities, shown, read, write } = answers;
  const own = await read(cases, texts);
  const swapped = await read(
    cases,
    cases.map((_, n) => texts[(n + 1) % texts.length]),
  );
  const cited = cases.map((one, n) => citedItem(items, one, texts[n], shown));
  const citing = [...cases.keys()].filter((n) => cited[n] !== undefined);
  const tried = citing.slice(0, MOST_UNCITED);
  const uncited = tried.map((n) => without(cases[n], cited[n]));
  const again = tried.length === 0 ? [] : await read(uncited, await write(uncited));
  const share = (count: number) => count / cases.length;
  const figures = {
    "explanation-words": share(texts.reduce((sum, text) => sum + wordsOf(text).length, 0)),
    "distinct@1": distinct(texts, 1),
    "distinct@2": distinct(texts, 2),
    "empty-explanations": share(texts.filter((text) => text === "").length),
    "states-verdict": share(texts.filter(statesVerdict).length),
    "cites-history": share(citing.length),
    "id-agreement": share(agreements(own, idProbabilities)),
    "swap-change": meanChange(
      cases.map((_, n) => own[n]),
      swapped,
    ),
  };
  const uncite = meanChange(
    tried.map((n) => own[n]),
    again,
  );
  return {
    ...Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, { value, n: cases.length }])),
    ...(tried.length > 0 && { "uncite-change": { value: uncite, n: tried.length } }),
  };
}

/** The first shown item whose title the text has; the target's own title doesn't count. */
export function citedItem(
  items: ItemTable,
  { item: target, liked, disliked }: ExplainedCase,
  text: string,
  shown: number,
): number | undefined {
  return [...liked.subarray(0, shown), ...disliked.subarray(0, shown)].find((item) => {
    const name = items.titles[item];
    return name !== "" && name !== items.titles[target] && text.includes(name);
  });
}

function without(one: ExplainedCase, item: number | undefined): ExplainedCase {
  const { liked, disliked } = one;
  return {
    ...one,
    liked: liked.filter((other) => other !== item),
    disliked: disliked.filter((other) => other !== item),
  };
}

/** Different n-grams of words over all of them; 0 where there are none. */
export function distinct(texts: readonly string[], n: number): number {
  const grams = texts.flatMap((text) => {
    const words = wordsOf(text);
    return Array.from({ length: Math.max(0, words.length - n + 1) }, (_, at) =>
      words.slice(at, at + n).join(" "),
    );
  });
  return grams.length === 0 ? 0 : new Set(grams).size / grams.length;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}

function agreements(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const mean = (values: ArrayLike<number>) =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  const [middleA, middleB] = [mean(a), mean(b)];
  return Array.from(a).filter((value, n) => value >= middleA === b[n] >= middleB).length;
}

function meanChange(before: ArrayLike<number>, after: ArrayLike<number>): number {
  const changes = Array.from(before, (value, n) => Math.abs(value - after[n]));
  return changes.reduce((sum, change) => sum + change, 0) / changes.length;
}
