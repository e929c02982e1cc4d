import { type ItemTable, itemText } from "../../data/dataset.js";
import type { Turn } from "../../data/dialogue.js";
import { UsageError } from "../../core/errors.js";
import type { Progress } from "../../core/progress.js";
import type { LanguageModel } from "../../llm/language-model.js";

/** Where the first title of a list would begin. */
const LIST = "Recommendations:\n1.";

/** A dialogue so far and the beginning of a list: what comes next is a title. Nothing said is an empty list's beginning. */
export function dialoguePrompt(context: readonly Turn[]): string {
  return saidBefore(context) + LIST;
}

/** A dialogue so far, a line a turn. */
export function saidBefore(context: readonly Turn[]): string {
  return context.map(({ role, text }) => `${role === "seeker" ? "User" : "System"}: ${text}\n`).join("");
}

/**
 * What is told of an item without its title, and the question which film it is: a title comes next. Plot and keywords where the data
 * have them, else all text that there is.
 * @returns undefined where nothing else is told, or the text says the title.
 */
export function descriptionPrompt(items: ItemTable, item: number): string | undefined {
  const title = items.titles[item];
  const about = Object.hasOwn(items.texts, "plot") ? plotOf(items, item) : otherText(items, item);
  return about === "" || title === "" || about.includes(title) ? undefined : `${about} Which film is it?\n"`;
}

function plotOf({ texts }: ItemTable, item: number): string {
  const keywords = Object.hasOwn(texts, "keywords") ? texts.keywords[item] : "";
  const parts = [texts.plot[item], keywords === "" ? "" : `Keywords: ${keywords}.`];
  return parts.filter((part) => part !== "").join(" ");
}

function otherText(items: ItemTable, item: number): string {
  const whole = itemText(items, item);
  const title = items.titles[item];
  return whole.startsWith(title) ? whole.slice(title.length).replace(/^\. /, "") : whole;
}

/** Tokens that decoding and encoding again may add. */
const MARGIN = 8;

/** A prompt must keep so many tokens, or a quarter of what a small model takes. */
const LEAST_PROMPT = 64;

/** Texts no longer than the model takes, cut on the left, and how many were; undefined where nobody knows how much it takes. */
interface FittedPrompts {
  readonly prompts: readonly string[];
  readonly cut: number | undefined;
}

/**
 * @param room - tokens that come after a prompt.
 * @throws UsageError NO_ROOM_FOR_PROMPT where they leave next to nothing for it.
 */
export async function fitPrompts(
  model: LanguageModel,
  prompts: readonly string[],
  room: number,
): Promise<FittedPrompts> {
  const { contextLength } = model;
  if (contextLength === null || !model.supports("tokenizer")) return { prompts, cut: undefined };
  const limit = contextLength - room - MARGIN;
  if (limit < Math.min(LEAST_PROMPT, Math.floor(contextLength / 4))) {
    throw new UsageError(
      "NO_ROOM_FOR_PROMPT",
      `an answer of up to ${room} tokens leaves ${Math.max(0, limit)} of the ${contextLength} that the model takes for the dialogue`,
      { hint: "Ask for less: rta-zero-shot-titles.length, rta-zero-shot.maxNewTokens or labels." },
    );
  }
  const tokenizer = await model.tokenizer();
  let cut = 0;
  const fitted = prompts.map((prompt) => {
    const tokens = tokenizer.encode(prompt);
    if (tokens.length <= limit) return prompt;
    cut++;
    return tokenizer.decode(tokens.slice(-limit));
  });
  return { prompts: fitted, cut };
}

/** Says how many were cut, if any. */
export function noteCut(
  { prompts, cut }: FittedPrompts,
  { progress }: { readonly progress: Progress },
): void {
  if (cut === undefined || cut === 0) return;
  progress.note(`${cut} of ${prompts.length} texts are longer than the model takes: cut on the left`);
}
