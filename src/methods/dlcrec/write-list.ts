import { throwIfInterrupted } from "../../core/errors.js";
import type { LanguageModel } from "../../llm/language-model.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { DlcrecOptions } from "./options.js";
import type { ListQuestion, Prompter } from "./prompter.js";

/** Answers end with their line. */
const STOP = ["\n"];

/** Tokens that an answer may have beyond a list of long titles. */
const SPARE = 16;

/** What a list is written for. */
export interface ListTask {
  readonly prompt: string;
  readonly history: ArrayLike<number>;
  /** Items that must not be listed. */
  readonly seen: ArrayLike<number>;
  readonly length: number;
  /** The genre of each place, where it is known. */
  readonly slots?: readonly number[];
}

/** Lets the model answer in its own words, greedily. */
export async function writeFreely(
  model: LanguageModel,
  kind: ListQuestion | "gp",
  tasks: readonly Pick<ListTask, "prompt" | "history" | "length">[],
  prompter: Prompter,
  context: RunContext,
): Promise<string[]> {
  const maxNewTokens = await mostTokens(model, kind, tasks, prompter);
  const answers = await model.generate(
    tasks.map(({ prompt }) => prompt),
    { maxNewTokens, stop: STOP },
    context,
  );
  return answers.map(({ text }) => text);
}

/** Tokens of a list of titles that are longer than nearly all others, or of all genres. */
async function mostTokens(
  model: LanguageModel,
  kind: ListQuestion | "gp",
  tasks: readonly Pick<ListTask, "history" | "length">[],
  prompter: Prompter,
): Promise<number> {
  const { titles, genres } = prompter.names;
  const all = [...genres.keys()];
  const byLength = [...titles.keys()].sort((a, b) => titles[a].length - titles[b].length);
  const item = byLength[Math.floor(0.95 * (byLength.length - 1))];
  const longest = tasks.reduce((most, { length }) => Math.max(most, length), 0);
  const [{ history }] = tasks;
  const genre = all.reduce((a, b) => (genres[b].length > genres[a].length ? b : a), 0);
  const place = kind === "gf" ? { genre } : { item };
  const text =
    kind === "gp"
      ? prompter.answerGenres(all)
      : prompter.answerList(
          kind,
          history,
          Array.from({ length: longest }, () => place),
        );
  // A server counts its own tokens; three letters each is on the safe side.
  const tokens = model.supports("finetune")
    ? (await model.tokenizer()).encode(text).length
    : Math.ceil(text.length / 3);
  return tokens + SPARE;
}

/**
 * Lets the model write titles alone, along a trie of the catalogue's titles: the program writes everything around them, place by place.
 * No item is listed twice, and none that was seen. Decoding `genre` leaves only titles of the place's genre, while there are some.
 */
export async function writeTitles(
  model: LanguageModel,
  kind: ListQuestion,
  tasks: readonly ListTask[],
  prompter: Prompter,
  decoding: Exclude<DlcrecOptions["decoding"], "free">,
  context: RunContext,
): Promise<string[]> {
  const { titles, genres, mainGenres } = prompter.names;
  const { between, tail } = prompter.templates[kind];
  const { before, title: touching, after } = prompter.form(kind).aroundTitle();
  const listable = [...titles.keys()].filter((item) => titles[item] !== "");
  const texts = titles.map((title) => touching.replaceAll("{title}", () => title));
  const itemOf = new Map(listable.map((item) => [texts[item], item]));
  const others = genres.map((_, genre) => listable.filter((item) => mainGenres[item] !== genre));
  const tokenizer = await model.tokenizer();
  const lengths = listable.map((item) => tokenizer.encode(` ${texts[item]}`).length);
  const maxNewTokens = lengths.reduce((most, length) => Math.max(most, length), 0) + 1;
  const written = tasks.map(({ history }) => prompter.opening(kind, history));
  const taken = tasks.map(({ seen }) => new Set(Array.from(seen)));
  const longest = tasks.reduce((most, { length }) => Math.max(most, length), 0);
  const step = context.progress.start("listing", longest);
  for (let place = 0; place < longest; place++) {
    throwIfInterrupted(context.signal);
    const active = [...tasks.keys()].filter((n) => place < tasks[n].length);
    const fill = (part: string, n: number, item?: number) => {
      const genre = tasks[n].slots?.[place] ?? (item === undefined ? -1 : mainGenres[item]);
      const name = genre >= 0 ? genres[genre] : "";
      return part.replaceAll("{place}", String(place + 1)).replaceAll("{genre}", () => name);
    };
    const starts = active.map((n) => written[n] + (place > 0 ? between : "") + fill(before, n));
    // A word's token begins with the space before it, so the space belongs to the answer.
    const gap = starts.every((start) => start.endsWith(" ")) ? " " : "";
    const answers = await model.generate(
      active.map((n, at) => tasks[n].prompt + starts[at].slice(0, starts[at].length - gap.length)),
      {
        maxNewTokens,
        allowed: listable.map((item) => gap + texts[item]),
        excluded: active.map((n) => closedItems(n, place).map((item) => gap + texts[item])),
      },
      context,
    );
    active.forEach((n, at) => {
      const text = answers[at].text.trimStart();
      const item = itemOf.get(text);
      if (item !== undefined) taken[n].add(item);
      written[n] = starts[at] + text + fill(after, n, item);
    });
    step.update(place + 1);
  }
  step.end();
  return written.map((text) => text + tail);

  /** What a place must not hold. */
  function closedItems(n: number, place: number): number[] {
    const genre = tasks[n].slots?.[place] ?? -1;
    const shut = taken[n];
    const isOpen = (item: number) => mainGenres[item] === genre && !shut.has(item);
    return decoding === "genre" && genre >= 0 && listable.some(isOpen)
      ? [...others[genre], ...shut]
      : [...shut];
  }
}
