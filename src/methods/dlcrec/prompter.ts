import { Form, type FormFields } from "./form.js";
import { parseGenres } from "./parse.js";
import type { ListTemplate, Templates } from "./templates.js";

/** What prompts call items and genres. */
export interface Names {
  readonly titles: readonly string[];
  readonly genres: readonly string[];
  /** The genre of each item; -1: none. */
  readonly mainGenres: Int32Array;
}

/** One place of a list to be: its genre, its item, or both; -1 or left out: unknown. */
export interface Place {
  readonly genre?: number;
  readonly item?: number;
}

/** What a question may speak of. */
export interface Question {
  readonly history: ArrayLike<number>;
  readonly length: number;
  /** The wished number of genres. */
  readonly count?: number;
  /** The wished genres. */
  readonly genres?: readonly number[];
  /** The genre of each place. */
  readonly slots?: readonly number[];
}

/** The questions whose answer is a list. */
export type ListQuestion = Exclude<keyof Templates, "films" | "between" | "genres" | "gp">;

/** A list as a model wrote it: a place each, null where the answer has none. */
export type WrittenList = readonly ({ readonly title: string; readonly genre: string } | null)[];

/** Writes DLCRec's questions and answers in words, and reads answers back. */
export class Prompter {
  private readonly numbers: ReadonlyMap<string, number>;

  constructor(
    readonly templates: Templates,
    readonly names: Names,
  ) {
    this.numbers = new Map(names.genres.map((name, genre) => [name.toLowerCase(), genre]));
  }

  /** A question of any kind. */
  ask(kind: ListQuestion | "gp", { history, length, count, genres = [], slots = [] }: Question): string {
    const { templates } = this;
    const { slot } = kind === "gp" ? {} : (templates[kind] as Partial<ListTemplate>);
    const between = kind === "gp" ? "" : templates[kind].between;
    const places = slots.length > 0 ? slots.map((genre) => ({ genre })) : [];
    const waiting = places.length > 0 || kind !== "gf" ? places : Array.from({ length }, () => ({}));
    const fields: Readonly<Record<string, string>> = {
      trail: this.films("trail", history),
      watched: this.films("watched", history),
      titles: this.films("titles", history),
      count: String(count ?? genres.length),
      length: String(length),
      genres: this.genreList(genres),
      slots:
        slot === undefined ? "" : new Form(slot, between).writeAll(waiting.map((one) => this.fields(one))),
    };
    return templates[kind].prompt.replaceAll(/\{(\w+)\}/g, (all, name: string) => fields[name] ?? all);
  }

  /** The answer to GP's question. */
  answerGenres(genres: readonly number[]): string {
    return this.templates.gp.lead + this.genreList(genres);
  }

  /** The answer to a question for a list. */
  answerList(kind: ListQuestion, history: ArrayLike<number>, places: readonly Place[]): string {
    const { lead, tail, between, repeatsHistory } = this.templates[kind];
    const own = this.form(kind).writeAll(places.map((place) => this.fields(place)));
    const before = repeatsHistory ? this.films("trail", history) : "";
    const joint = before !== "" && own !== "" ? between : "";
    return lead + before + joint + own + (own === "" ? "" : tail);
  }

  /** What stands before the first place of an answer. */
  opening(kind: ListQuestion, history: ArrayLike<number>): string {
    const { lead, between, repeatsHistory } = this.templates[kind];
    return repeatsHistory ? lead + this.films("trail", history) + between : lead;
  }

  /** How a place of the answer is written. */
  form(kind: ListQuestion): Form {
    const { entry, between } = this.templates[kind];
    return new Form(entry, between);
  }

  /** The genres that an answer of GP names, without repeats; what is no genre is counted. */
  readGenres(answer: string): { genres: number[]; unknown: number } {
    const named = parseGenres(answer, this.templates.genres).map((name) => this.genre(name));
    const genres = [...new Set(named.filter((genre) => genre >= 0))];
    return { genres, unknown: named.filter((genre) => genre < 0).length };
  }

  /** The list in an answer. */
  readList(kind: ListQuestion, answer: string, history: ArrayLike<number>, length: number): WrittenList {
    const { entry, repeatsHistory } = this.templates[kind];
    const found = this.form(kind).parse(answer);
    const own = repeatsHistory && entry.includes("{title}") ? found.slice(history.length) : found;
    return Array.from({ length }, (_, place) => own.at(place) ?? null);
  }

  /** A genre by its name, whatever the case; -1 where there is none. */
  genre(name: string): number {
    return this.numbers.get(name.trim().toLowerCase()) ?? -1;
  }

  /** What a form calls a place. */
  fields({ genre, item }: Place): FormFields {
    const known = genre ?? (item === undefined ? undefined : this.names.mainGenres[item]);
    return {
      ...(item !== undefined && item >= 0 && { title: this.names.titles[item] }),
      ...(known !== undefined && known >= 0 && { genre: this.names.genres[known] }),
    };
  }

  private genreList(genres: readonly number[]): string {
    return genres.map((genre) => this.names.genres[genre]).join(this.templates.genres);
  }

  private films(form: keyof Templates["films"], items: ArrayLike<number>): string {
    const { films, between } = this.templates;
    return new Form(films[form], between).writeAll(Array.from(items, (item) => this.fields({ item })));
  }
}
