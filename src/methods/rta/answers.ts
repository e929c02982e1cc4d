import { hashTexts } from "../../core/hash.js";
import { jsonArtifact } from "../../core/stages.js";
import { DataError } from "../../core/errors.js";
import type { GenerateOptions } from "../../llm/language-model.js";
import type { RunContext } from "../../recommenders/recommender.js";
import { itemsByTitle } from "../../recommenders/dialogue/recorded.js";
import type { AnsweredList, ConversationCase, ConversationTraining } from "../../tasks/conversation.js";
import { type LessonOptions, stageOptions } from "./options.js";
import { dialoguePrompt, fitPrompts, noteCut } from "./prompts.js";
import { listedTitles, TitleMatcher } from "./titles.js";

/** The most tokens of a title. */
const TITLE_TOKENS = 24;

/** What ends a list: a blank line, or the next turn. */
const STOP = ["\n\n", "\nUser:", "\nSystem:"];

/** A list that the language model wrote, greedily, after a prompt that ends where its first title begins. */
interface WrittenList {
  readonly texts: readonly string[];
  /** Item of each text, or -1. */
  readonly items: readonly number[];
}

type Grounding = LessonOptions["grounding"];

/** How the language model's own recommendations are had. */
export type OwnTitles = Pick<LessonOptions, "labels"> &
  Partial<Pick<LessonOptions, "decoding" | "grounding">>;

/**
 * What the language model itself would recommend after each prompt: titles drawn from its own distribution (the stage `answers`), or the first of
 * its greedily written list (`lists`). Small models repeat one title in such a list; draws tell what they would recommend, and how surely.
 */
export async function ownTitles(
  train: ConversationTraining,
  prompts: readonly string[],
  { labels, decoding = "sampling", grounding = "edits" }: OwnTitles,
  context: RunContext,
): Promise<readonly WrittenList[]> {
  if (decoding === "greedy") {
    const lists = await writtenLists(train, prompts, roomOf(labels), context, grounding);
    return lists.map(({ texts, items }) => ({
      texts: texts.slice(0, labels),
      items: items.slice(0, labels),
    }));
  }
  const options = { maxNewTokens: TITLE_TOKENS, stop: ["\n"], temperature: 1 };
  return answersStage(
    { name: "answers", prompts, draws: labels, options, grounding },
    train,
    context,
    (text) => [text.trim()],
  );
}

/** A title for each description: the stage `names`, drawn from the language model's own distribution. */
export const namedItems = (
  train: ConversationTraining,
  prompts: readonly string[],
  grounding: Grounding,
  context: RunContext,
) => titlesOf("names", 1, train, prompts, context, grounding);

/** A title for each description: the stage `described`, greedily, what the language model takes the film for. */
export const describedItems = (
  train: ConversationTraining,
  prompts: readonly string[],
  context: RunContext,
) => titlesOf("described", 0, train, prompts, context);

function titlesOf(
  name: "names" | "described",
  temperature: number,
  train: ConversationTraining,
  prompts: readonly string[],
  context: RunContext,
  grounding: Grounding = "edits",
): Promise<readonly WrittenList[]> {
  const options = { maxNewTokens: TITLE_TOKENS, stop: ['"', "\n"], temperature };
  return answersStage({ name, prompts, draws: 1, options, grounding }, train, context, (text) => [
    text.trim(),
  ]);
}

/**
 * The stage `lists`: what the language model writes greedily after each prompt.
 * @param maxNewTokens - of a list.
 */
export function writtenLists(
  train: ConversationTraining,
  prompts: readonly string[],
  maxNewTokens: number,
  context: RunContext,
  grounding: Grounding = "edits",
): Promise<readonly WrittenList[]> {
  const options = { maxNewTokens, stop: STOP, temperature: 0 };
  return answersStage({ name: "lists", prompts, draws: 1, options, grounding }, train, context, listedTitles);
}

/** Tokens that a list of so many titles may take. */
export const roomOf = (length: number) => length * TITLE_TOKENS;

/**
 * The stage `titles`: lists of titles of the catalogue alone, greedily along a trie of them; none twice, and none that was named.
 * @param length - places of a list.
 */
export async function catalogueLists(
  train: ConversationTraining,
  cases: readonly ConversationCase[],
  length: number,
  context: RunContext,
): Promise<readonly WrittenList[]> {
  const model = await context.llm();
  const { items, candidates } = train;
  const prompts = cases.map((one) => dialoguePrompt(one.context));
  const named = cases.map(({ mentioned }) => [...mentioned]);
  const { value } = await context.stages.run({
    name: "titles",
    version: 1,
    inputs: { model: model.identity.hash, prompts: hashTexts(prompts), named, length, data: train.hash },
    format: jsonArtifact<readonly WrittenList[]>("titles.json", (found) =>
      checked(found, cases.length, train),
    ),
    compute: async () => {
      const itemOf = new Map<string, number>();
      for (const [title, item] of itemsByTitle(train)) if (title !== "") itemOf.set(` ${title}`, item);
      const allowed = [...itemOf.keys()];
      const fitted = await fitPrompts(model, prompts, roomOf(length));
      noteCut(fitted, context);
      const taken = named.map((list) => list.map((item) => ` ${items.titles[item]}`));
      const lists = cases.map((): string[] => []);
      for (let place = 0; place < Math.min(length, candidates.length); place++) {
        const open = [...lists.keys()].filter((n) => new Set(taken[n]).size < allowed.length);
        const answers = await model.generate(
          open.map((n) => fitted.prompts[n] + lists[n].map((title, k) => `${title}\n${k + 2}.`).join("")),
          { maxNewTokens: TITLE_TOKENS * 2, allowed, excluded: open.map((n) => taken[n]) },
          context,
        );
        answers.forEach(({ text }, at) => {
          if (!itemOf.has(text)) return;
          lists[open[at]].push(text);
          taken[open[at]].push(text);
        });
      }
      return lists.map((list) => ({
        texts: list.map((text) => text.slice(1)),
        items: list.map((text) => itemOf.get(text)!),
      }));
    },
  });
  return value;
}

interface Request {
  readonly name: string;
  readonly prompts: readonly string[];
  readonly draws: number;
  readonly options: Pick<GenerateOptions, "maxNewTokens" | "stop" | "temperature">;
  readonly grounding: Grounding;
}

async function answersStage(
  { name, prompts, draws, options, grounding }: Request,
  train: ConversationTraining,
  context: RunContext,
  titlesOf: (answer: string, isWhole: boolean) => string[],
): Promise<readonly WrittenList[]> {
  const model = await context.llm();
  const { value } = await context.stages.run({
    name,
    version: 1,
    inputs: {
      ...{ model: model.identity.hash, prompts: hashTexts(prompts), draws, options, data: train.hash },
      ...stageOptions({ grounding }),
    },
    format: jsonArtifact<readonly WrittenList[]>(`${name}.json`, (found) =>
      checked(found, prompts.length, train),
    ),
    compute: async () => {
      const fitted = await fitPrompts(model, prompts, options.maxNewTokens);
      noteCut(fitted, context);
      const asked = fitted.prompts.flatMap((prompt) => new Array<string>(draws).fill(prompt));
      const seed = asked.map((_, n) => n % draws);
      const answers = await model.generate(asked, { ...options, seed }, context);
      const matcher = new TitleMatcher(train);
      const itemOf = (title: string) =>
        grounding === "nearest" ? matcher.findNearest(title) : matcher.find(title);
      return prompts.map((_, n) => {
        const own = answers.slice(n * draws, (n + 1) * draws);
        const texts = own.flatMap(({ text, finish }) => titlesOf(text, finish === "stop"));
        return { texts, items: texts.map(itemOf) };
      });
    },
  });
  return value;
}

function checked(found: unknown, count: number, { items }: ConversationTraining): readonly WrittenList[] {
  const isList = (one: unknown): one is WrittenList => {
    const { texts, items: numbers } = (one ?? {}) as Partial<Record<keyof WrittenList, unknown>>;
    return (
      Array.isArray(texts) &&
      Array.isArray(numbers) &&
      texts.length === numbers.length &&
      texts.every((text) => typeof text === "string") &&
      numbers.every((item) => Number.isInteger(item) && item >= -1 && item < items.keys.length)
    );
  };
  if (Array.isArray(found) && found.length === count && found.every(isList)) return found;
  throw new DataError(
    "BAD_ANSWERS",
    `expected ${count} lists of texts and item numbers, in the order of the prompts`,
  );
}

/** As the task wants it: a text that is no item has no title. */
export function answeredList({ texts, items }: WrittenList, titles: readonly string[]): AnsweredList {
  return {
    texts,
    titles: items.map((item) => (item < 0 ? "" : titles[item])),
    items: Int32Array.from(items),
  };
}
