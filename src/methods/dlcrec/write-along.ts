import { throwIfInterrupted } from "../../core/errors.js";
import type { LanguageModel } from "../../llm/language-model.js";
import type { RunContext } from "../../recommenders/recommender.js";

/** A list that a model fills place by place. */
export interface Row {
  /** The question, and what the answer begins with. */
  readonly prompt: string;
  readonly opening: string;
  readonly length: number;
}

/** The list's frame and what its places may hold. */
export interface Frame {
  /** The texts to choose from, each with the signs that touch it; empty ones are never chosen. */
  readonly choices: readonly string[];
  /** What stands between two places. */
  readonly between: string;
  readonly before: (row: number, place: number) => string;
  readonly after: (row: number, place: number, choice: number) => string;
  /** Numbers of the choices that a place must not hold, given what the places before hold. At least one must stay. */
  readonly closed: (row: number, place: number, chosen: readonly number[]) => Iterable<number>;
}

/**
 * Lets the model write the fields of lists alone, greedily along a trie of the choices: the program writes everything around them.
 * @returns for each row its answer in words, and its choices.
 */
export async function writeAlong(
  model: LanguageModel,
  rows: readonly Row[],
  { choices, between, before, after, closed }: Frame,
  context: RunContext,
): Promise<{ text: string; chosen: number[] }[]> {
  const tokenizer = await model.tokenizer();
  const open = [...choices.keys()].filter((choice) => choices[choice] !== "");
  const lengths = open.map((choice) => tokenizer.encode(` ${choices[choice]}`).length);
  const maxNewTokens = lengths.reduce((most, length) => Math.max(most, length), 0) + 1;
  const numbers = new Map(open.map((choice) => [choices[choice], choice]));
  const lists = rows.map(({ opening }) => ({ text: opening, chosen: [] as number[] }));
  const longest = rows.reduce((most, { length }) => Math.max(most, length), 0);
  const step = context.progress.start("listing", longest);
  for (let place = 0; place < longest; place++) {
    throwIfInterrupted(context.signal);
    const active = [...rows.keys()].filter((row) => place < rows[row].length);
    const starts = active.map((row) => lists[row].text + (place > 0 ? between : "") + before(row, place));
    // A word's token begins with the space before it, so the space belongs to the answer.
    const gap = starts.every((start) => start.endsWith(" ")) ? " " : "";
    const answers = await model.generate(
      active.map((row, at) => rows[row].prompt + starts[at].slice(0, starts[at].length - gap.length)),
      {
        maxNewTokens,
        allowed: open.map((choice) => gap + choices[choice]),
        excluded: active.map((row) =>
          Array.from(closed(row, place, lists[row].chosen), (choice) => gap + choices[choice]),
        ),
      },
      context,
    );
    active.forEach((row, at) => {
      const text = answers[at].text.trimStart();
      const choice = numbers.get(text) ?? -1;
      lists[row].chosen.push(choice);
      lists[row].text = starts[at] + text + after(row, place, choice);
    });
    step.update(place + 1);
  }
  step.end();
  return lists;
}
