import type { Random } from "../../core/random.js";
import type { Catalogue } from "../../data/world/catalogue.js";
import { VARIANCE } from "../../data/world/constants.js";
import { drawTitle } from "../../data/world/text.js";
import type { Taste } from "../../data/world/users.js";
import { GENRES, MOODS } from "../../data/world/words.js";
import { given, type Piece, plain, told } from "./document.js";

/** A film that a text speaks of: one of the catalogue, or one that is made up. */
export interface Subject {
  readonly title: string;
  /** Indices into GENRES, the main genre first. */
  readonly genres: readonly number[];
  /** Index into the catalogue's directors. */
  readonly director: number;
}

/** The title as prompts write it. */
export function quoted({ title }: Subject): string {
  return `"${title}"`;
}

/** Title, genres and director in one line, the form of `itemLine`. */
export function lineOf(catalogue: Catalogue, film: Subject): string {
  return quoted(film) + aboutOf(catalogue, film);
}

function aboutOf({ directors }: Catalogue, { genres, director }: Subject): string {
  return ` (${genres.map((genre) => GENRES[genre].name).join(", ")}; ${directors[director].name})`;
}

/** A made-up film. */
export function isMadeUp(film: Subject): boolean {
  return !("key" in film);
}

/** How a text names films: title, genres and director; these without the title; with the mood told besides; or the title alone. */
export type FilmForm = "line" | "about" | "mood" | "title";

/** A film as a text names it. Which film comes cannot be foretold; what it is about can by one who knows its title, and so can its mood. */
export function filmPieces(catalogue: Catalogue, film: Subject, form: FilmForm): Piece[] {
  if (form === "title") return [given(quoted(film))];
  if (form === "about") return [given(aboutOf(catalogue, film).trimStart())];
  return [
    given(quoted(film)),
    isMadeUp(film) ? given(aboutOf(catalogue, film)) : plain(aboutOf(catalogue, film), 0.5),
    ...(form === "mood" ? [given(" is"), told(` ${moodOf(catalogue, film)}`)] : []),
  ];
}

/** {@link filmPieces} of several films, with commas between. */
export function listPieces(catalogue: Catalogue, films: readonly Subject[], form: FilmForm): Piece[] {
  return films.flatMap((film, n) => [...(n > 0 ? [given(", ")] : []), ...filmPieces(catalogue, film, form)]);
}

/** The mood of a film's director in words. */
export function moodOf({ directors }: Catalogue, { director }: Subject): string {
  return MOODS[directors[director].mood];
}

/** What can be said in words of why a user likes a film: the three terms of utility that texts know. */
export interface SpokenTaste {
  readonly genre: number;
  readonly mood: number;
  readonly blend: number;
  readonly total: number;
}

/** The terms of utility that can be told in words (docs/world.md), of any film. */
export function spokenTaste(catalogue: Catalogue, taste: KnowableTaste, film: Subject): SpokenTaste {
  const traits = traitsOf(catalogue, film);
  const [genre, mood, blend] = (["genre", "mood", "blend"] as const).map((term) =>
    traits[term].reduce((sum, trait, n) => sum + trait * taste[term][n], 0),
  );
  return { genre, mood, blend, total: genre + mood + blend };
}

/** The part of taste that texts can tell of. */
export type KnowableTaste = Pick<Taste, "genre" | "mood" | "blend">;

/** What multiplies each entry of a taste in a film's utility; products of two films' traits are their covariance over viewers. */
export function traitsOf(
  { blends, blendScale, directors }: Catalogue,
  { genres, director }: Subject,
): KnowableTaste {
  const { mood } = directors[director];
  const length = Math.sqrt(1 + 0.36 * (genres.length - 1));
  const genre = new Float32Array(GENRES.length);
  genres.forEach((g, place) => (genre[g] = (Math.sqrt(VARIANCE.genre) * (place === 0 ? 1 : 0.6)) / length));
  const moods = new Float32Array(MOODS.length);
  moods[mood] = Math.sqrt(VARIANCE.mood);
  const blend = Float32Array.from(blends, (of) =>
    of.moods.includes(mood) && genres.some((g) => of.genres.includes(g))
      ? Math.sqrt(VARIANCE.blend) * blendScale
      : 0,
  );
  return { genre, mood: moods, blend };
}

/** How much two films have in common for one who knows genres and moods. */
export function kinship({ directors }: Catalogue, a: Subject, b: Subject): number {
  const shared = a.genres.filter((genre) => b.genres.includes(genre)).length;
  const main = a.genres[0] === b.genres[0] ? 0.5 : 0;
  return shared + main + (directors[a.director].mood === directors[b.director].mood ? 1.5 : 0);
}

/** Makes films up: a title that no film of the catalogue bears, any genres, a director that the language model knows. */
export class Inventor {
  private readonly titles: Set<string>;
  private readonly shares = GENRES.map((genre) => Math.sqrt(genre.share));

  constructor(private readonly catalogue: Catalogue) {
    this.titles = new Set(catalogue.films.map(({ title }) => title));
  }

  /** @param genres - of the film; default: drawn. */
  film(random: Random, genres: readonly number[] = this.genres(random)): Subject {
    const title = drawTitle(random, this.titles);
    // It may be made up again: there are not titles without end.
    this.titles.delete(title);
    return { title, genres, director: random.int(this.catalogue.directors.length) };
  }

  private genres(random: Random): number[] {
    const shares = [...this.shares];
    return Array.from({ length: 1 + random.weighted([0.35, 0.4, 0.25]) }, () => {
      const genre = random.weighted(shares);
      shares[genre] = 0;
      return genre;
    });
  }
}
