import type { Random } from "../../core/random.js";
import type { Catalogue } from "../../data/world/catalogue.js";
import { VARIANCE } from "../../data/world/constants.js";
import { drawTitle } from "../../data/world/text.js";
import type { Taste } from "../../data/world/users.js";
import { GENRES, MOODS } from "../../data/world/words.js";
import { given, type Piece, plain } from "./document.js";

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

/**
 * A film as a text names it. Which film comes cannot be foretold; what it is about can by one who knows its title.
 * @param byTitle - the title alone.
 */
export function filmPieces(catalogue: Catalogue, film: Subject, byTitle = false): Piece[] {
  if (byTitle) return [given(quoted(film))];
  return [
    given(quoted(film)),
    isMadeUp(film) ? given(aboutOf(catalogue, film)) : plain(aboutOf(catalogue, film), 0.5),
  ];
}

/** {@link filmPieces} of several films, with commas between. */
export function listPieces(catalogue: Catalogue, films: readonly Subject[], byTitle = false): Piece[] {
  return films.flatMap((film, n) => [
    ...(n > 0 ? [given(", ")] : []),
    ...filmPieces(catalogue, film, byTitle),
  ]);
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
export function spokenTaste(catalogue: Catalogue, taste: Taste, film: Subject): SpokenTaste {
  const { blends, blendScale, directors } = catalogue;
  const { mood } = directors[film.director];
  const length = Math.sqrt(1 + 0.36 * (film.genres.length - 1));
  let [genre, blend] = [0, 0];
  film.genres.forEach((g, place) => (genre += ((place === 0 ? 1 : 0.6) / length) * taste.genre[g]));
  blends.forEach(({ genres, moods }, r) => {
    if (moods.includes(mood) && film.genres.some((g) => genres.includes(g))) blend += taste.blend[r];
  });
  genre *= Math.sqrt(VARIANCE.genre);
  blend *= Math.sqrt(VARIANCE.blend) * blendScale;
  const fromMood = Math.sqrt(VARIANCE.mood) * taste.mood[mood];
  return { genre, mood: fromMood, blend, total: genre + fromMood + blend };
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
