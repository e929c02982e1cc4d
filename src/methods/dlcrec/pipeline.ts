import type { LanguageModel, Vectors } from "../../llm/language-model.js";
import { likesOf } from "../../recommenders/sequential/controls.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ControlledListTraining } from "../../tasks/controlled-list.js";
import type { TunedAdapter } from "./adapters.js";
import { answerStage } from "./answers.js";
import { embeddingSimilarity, titleStates } from "./embedded-titles.js";
import { Grounder, type TitleSimilarity } from "./grounding.js";
import type { DlcrecOptions } from "./options.js";
import { type ListQuestion, Prompter, type Question, type WrittenList } from "./prompter.js";
import { commonestGenres, shareSlots } from "./rules.js";
import { trigramSimilarity } from "./title-similarity.js";
import { writeFreely, writeGenreSet, writeSlots, writeTitles } from "./write-list.js";

/** Who wants a list, and what it should be like: a number of genres, and where they are known the genres or those of each place. */
export interface ListQuery extends Question {
  /** Items known to be liked, the history's among them. */
  readonly seen: Int32Array;
  readonly count: number;
}

/** A stage's answers with what could not be read in them. */
export interface Read<T> {
  /** What the next stage goes on with: others stand in for what could not be read. */
  readonly values: T[];
  /** What could be read, alone: no genres, a place of -1 or null for the rest. */
  readonly raw: readonly T[];
  /** The share of each answer that could not be read; 1 where nothing could. */
  readonly shares: readonly number[];
  /** The answers as the model wrote them. */
  readonly answers: readonly string[];
  /** The file that holds them. */
  readonly path: string;
  /** Genres that don't exist, or places without an answer. */
  readonly unreadable: number;
}

/** DLCRec's stages on one set of training data: each can be run by itself. */
export class Pipeline {
  readonly prompter: Prompter;
  private readonly likes: Float32Array;
  /** How common each first genre is in training. */
  private readonly general: Float64Array;
  private states: Promise<Vectors> | undefined;

  constructor(
    private readonly train: ControlledListTraining,
    private readonly options: DlcrecOptions,
    prompter: Prompter,
  ) {
    this.prompter = prompter;
    this.likes = likesOf(train);
    this.general = new Float64Array(train.items.categoryNames.length);
    this.likes.forEach((count, item) => {
      if (train.mainGenres[item] >= 0) this.general[train.mainGenres[item]] += count;
    });
  }

  /** GP: the genres of each list to be. An answer without a genre gives way to the history's commonest. */
  async genres(
    queries: readonly ListQuery[],
    adapter: TunedAdapter | undefined,
    context: RunContext,
  ): Promise<Read<number[]>> {
    const prompts = queries.map((query) => this.prompter.ask("gp", query));
    const { answers, path } = await answerStage(
      {
        ...{ stage: "gp", prompts, adapter },
        inputs: { exact: this.options.decoding !== "free" },
        answer: (model, asked) =>
          this.options.decoding === "free"
            ? this.free(model, "gp", asked, queries, prompts, context)
            : writeGenreSet(model, tasksOf(asked, queries, prompts), this.prompter, context),
      },
      context,
    );
    const read = answers.map((answer) => this.prompter.readGenres(answer));
    const raw = read.map(({ genres }) => genres);
    return {
      values: raw.map((genres, n) => (genres.length === 0 ? this.commonest(queries[n]) : genres)),
      raw,
      shares: read.map(({ genres, unknown }) =>
        genres.length === 0 ? 1 : unknown / (genres.length + unknown),
      ),
      ...{ answers, path },
      unreadable: read.reduce((sum, { genres, unknown }) => sum + unknown + (genres.length === 0 ? 1 : 0), 0),
    };
  }

  /** The history's commonest genres: GP without a language model. */
  commonest({ history, count }: ListQuery): number[] {
    return commonestGenres(history, this.train.mainGenres, this.general, count);
  }

  /** GF: a genre for each place. A place without a readable answer takes the one that shares by the history would give it. */
  async slots(
    queries: readonly ListQuery[],
    adapter: TunedAdapter | undefined,
    context: RunContext,
  ): Promise<Read<number[]>> {
    const prompts = queries.map((query) => this.prompter.ask("gf", query));
    const { answers, path } = await answerStage(
      {
        ...{ stage: "gf", prompts, adapter },
        inputs: { exact: this.options.decoding !== "free" },
        answer: (model, asked) =>
          this.options.decoding === "free"
            ? this.free(model, "gf", asked, queries, prompts, context)
            : writeSlots(model, tasksOf(asked, queries, prompts), this.prompter, context),
      },
      context,
    );
    const raw = answers.map((answer, n) => {
      const { history, length } = queries[n];
      const read = this.prompter.readList("gf", answer, history, length);
      return read.map((place) => (place === null ? -1 : this.prompter.genre(place.genre)));
    });
    const values = raw.map((found, n) => {
      const shares = this.shares(queries[n]);
      return found.map((genre, place) => (genre < 0 ? (shares.at(place) ?? -1) : genre));
    });
    return { values, raw, answers, path, ...missingOf(raw, (genre) => genre < 0) };
  }

  /** Places by the history's shares: GF without a language model. */
  shares({ history, genres = [], length }: ListQuery): number[] {
    return shareSlots(genres, history, this.train.mainGenres, length);
  }

  /** The list itself, in words. @param kind - `ip`, or a question without GF's places. */
  async write(
    kind: ListQuestion,
    queries: readonly ListQuery[],
    adapter: TunedAdapter | undefined,
    context: RunContext,
  ): Promise<Read<WrittenList>> {
    const { decoding } = this.options;
    const prompts = queries.map((query) => this.prompter.ask(kind, query));
    const { answers, path } = await answerStage(
      {
        ...{ stage: kind, prompts, adapter },
        inputs: { decoding, ...(decoding !== "free" && { data: this.train.hash }) },
        answer: (model, asked) =>
          decoding === "free"
            ? this.free(model, kind, asked, queries, prompts, context)
            : writeTitles(model, kind, tasksOf(asked, queries, prompts), this.prompter, decoding, context),
      },
      context,
    );
    const values = answers.map((answer, n) => {
      const { history, length } = queries[n];
      return this.prompter.readList(kind, answer, history, length);
    });
    return { values, raw: values, answers, path, ...missingOf(values, (place) => place === null) };
  }

  /** Real items in place of titles; -1 where there is no title. */
  async ground(
    queries: readonly ListQuery[],
    written: readonly WrittenList[],
    context: RunContext,
  ): Promise<{ lists: Int32Array[]; exact: number; titles: number }> {
    const { exclude, unique } = this.options.grounding;
    const { titles } = this.prompter.names;
    const wanted = written.map((list) => list.map((place) => place?.title ?? null));
    const grounder = new Grounder(titles, await this.similarity(wanted.flat(), queries, context));
    let exact = 0;
    const lists = queries.map(({ seen }, n) => {
      const grounded = grounder.ground(wanted[n], { ...(exclude && { excluded: new Set(seen) }), unique });
      exact += grounded.exact;
      return grounded.items;
    });
    return { lists, exact, titles: wanted.flat().filter((title) => title !== null).length };
  }

  private async similarity(
    written: readonly (string | null)[],
    queries: readonly ListQuery[],
    context: RunContext,
  ): Promise<TitleSimilarity> {
    const { by, popularity: gamma, exclude, unique } = this.options.grounding;
    const { titles } = this.prompter.names;
    const known = new Set(titles);
    const strays = written.filter((title): title is string => title !== null && !known.has(title));
    // A title that is excluded or listed already has to be replaced by a near one as well.
    const replaced = exclude || unique ? written.filter((title) => title !== null) : [];
    const asked = [...strays, ...replaced];
    if (by === "letters" || asked.length === 0 || queries.length === 0) return trigramSimilarity(titles);
    const model = await context.llm();
    this.states ??= titleStates(model, titles, context);
    const most = this.likes.reduce((top, count) => Math.max(top, count), 1);
    const popularity = this.likes.map((count) => count / most);
    return embeddingSimilarity(model, await this.states, asked, { popularity, gamma }, context);
  }

  private free(
    model: LanguageModel,
    kind: ListQuestion | "gp",
    asked: readonly number[],
    queries: readonly ListQuery[],
    prompts: readonly string[],
    context: RunContext,
  ): Promise<string[]> {
    return writeFreely(model, kind, tasksOf(asked, queries, prompts), this.prompter, context);
  }
}

/** Places of lists that could not be read: the share of each list, and all together. */
function missingOf<P>(
  lists: readonly (readonly P[])[],
  isMissing: (place: P) => boolean,
): { shares: number[]; unreadable: number } {
  const missing = lists.map((list) => list.filter(isMissing).length);
  return {
    shares: missing.map((count, n) => (lists[n].length === 0 ? 0 : count / lists[n].length)),
    unreadable: missing.reduce((sum, count) => sum + count, 0),
  };
}

function tasksOf(asked: readonly number[], queries: readonly ListQuery[], prompts: readonly string[]) {
  return asked.map((n) => ({ ...queries[n], prompt: prompts[n] }));
}
