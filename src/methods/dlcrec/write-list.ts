import type { LanguageModel } from "../../llm/language-model.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { DlcrecOptions } from "./options.js";
import type { ListQuestion, Prompter } from "./prompter.js";
import { writeAlong } from "./write-along.js";

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
 * Lets the model write titles alone, along a trie of the catalogue's titles. No item is listed twice, and none that was seen. Decoding `genre`
 * leaves only titles of the place's genre, while there are some.
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
  const { before, field, after } = prompter.form(kind).around("title");
  const listable = [...titles.keys()].filter((item) => titles[item] !== "");
  const others = genres.map((_, genre) => listable.filter((item) => mainGenres[item] !== genre));
  const fill = (part: string, row: number, place: number, item: number) => {
    const genre = tasks[row].slots?.[place] ?? (item < 0 ? -1 : mainGenres[item]);
    return fillIn(part, place, genre >= 0 ? genres[genre] : "");
  };
  const lists = await writeAlong(
    model,
    rowsOf(kind, tasks, prompter),
    {
      choices: titles.map((title) => (title === "" ? "" : field.replaceAll("{title}", () => title))),
      between,
      before: (row, place) => fill(before, row, place, -1),
      after: (row, place, item) => fill(after, row, place, item),
      closed: (row, place, chosen) => {
        const shut = new Set([...Array.from(tasks[row].seen), ...chosen]);
        const genre = tasks[row].slots?.[place] ?? -1;
        const isOpen = (item: number) => mainGenres[item] === genre && !shut.has(item);
        const narrow = decoding === "genre" && genre >= 0 && listable.some(isOpen);
        return narrow ? [...others[genre], ...shut].filter((item) => item >= 0) : shut;
      },
    },
    context,
  );
  return lists.map(({ text }) => text + tail);
}

/** GP along a trie of the genres that films have: as many different ones as are asked for. */
export async function writeGenreSet(
  model: LanguageModel,
  tasks: readonly (ListTask & { readonly count: number })[],
  prompter: Prompter,
  context: RunContext,
): Promise<string[]> {
  const { names, templates } = prompter;
  const used = new Set(names.mainGenres);
  const lists = await writeAlong(
    model,
    tasks.map(({ prompt, count }) => ({
      prompt,
      opening: templates.gp.lead,
      length: Math.min(count, used.size),
    })),
    {
      choices: names.genres.map((name, genre) => (used.has(genre) ? name : "")),
      between: templates.genres,
      before: () => "",
      after: () => "",
      closed: (_row, _place, chosen) => chosen,
    },
    context,
  );
  return lists.map(({ text }) => text);
}

/** GF along a trie of the set's genres: each of them has a place in the end. */
export async function writeSlots(
  model: LanguageModel,
  tasks: readonly (ListTask & { readonly genres?: readonly number[] })[],
  prompter: Prompter,
  context: RunContext,
): Promise<string[]> {
  const { genres: names } = prompter.names;
  const { between, tail } = prompter.templates.gf;
  const { before, field, after } = prompter.form("gf").around("genre");
  const lists = await writeAlong(
    model,
    rowsOf("gf", tasks, prompter),
    {
      choices: names.map((name) => field.replaceAll("{genre}", () => name)),
      between,
      before: (_row, place) => fillIn(before, place, ""),
      after: (_row, place, genre) => fillIn(after, place, names[genre]),
      closed: (row, place, chosen) => {
        const { genres = [], length } = tasks[row];
        const waiting = genres.filter((genre) => !chosen.includes(genre));
        const open = new Set(waiting.length >= length - place ? waiting : genres);
        return [...names.keys()].filter((genre) => !open.has(genre));
      },
    },
    context,
  );
  return lists.map(({ text }) => text + tail);
}

function rowsOf(kind: ListQuestion, tasks: readonly ListTask[], prompter: Prompter) {
  return tasks.map(({ prompt, history, length }) => ({
    ...{ prompt, length },
    opening: prompter.opening(kind, history),
  }));
}

function fillIn(part: string, place: number, genre: string): string {
  return part.replaceAll("{place}", String(place + 1)).replaceAll("{genre}", () => genre);
}
