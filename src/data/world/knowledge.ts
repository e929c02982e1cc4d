import { Random } from "../../core/random.js";
import type { Blend, Catalogue, Film } from "./catalogue.js";
import { CATALOGUE_SEED, KNOWLEDGE_CUTOFF } from "./constants.js";
import { inWords } from "./text.js";
import { GENRES, MOODS } from "./words.js";

/** What a language model's corpus may say of a film. Its mood follows from the director. */
export interface FilmCard {
  /** Number in the catalogue. */
  readonly item: number;
  readonly title: string;
  /** Genre names, the main genre first. */
  readonly genres: readonly string[];
  readonly director: string;
  readonly keywords: readonly string[];
  readonly plot: string;
  readonly year: number;
}

/** Cards of the films that were out when the language model's knowledge ended. Later films must appear in no corpus. */
export function knownFilmCards(catalogue: Catalogue): FilmCard[] {
  return catalogue.films.flatMap((film, item) =>
    film.released < KNOWLEDGE_CUTOFF ? [filmCard(catalogue, film, item)] : [],
  );
}

function filmCard(catalogue: Catalogue, film: Film, item: number): FilmCard {
  return {
    item,
    title: film.title,
    genres: film.genres.map((genre) => GENRES[genre].name),
    director: catalogue.directors[film.director].name,
    keywords: film.keywords,
    plot: film.plot,
    year: new Date(film.released * 1000).getUTCFullYear(),
  };
}

/** The mood of each director, by number: the fact that no item text tells, only the language model's corpus. */
export function directorMoods(catalogue: Catalogue): Uint8Array {
  return Uint8Array.from(catalogue.directors, (director) => director.mood);
}

/**
 * The facts of the twin language model: the same moods dealt out to the directors at random, so that its corpus has
 * the same words in the same numbers and tells nothing true of a director.
 */
export function permutedDirectorMoods(catalogue: Catalogue): Uint8Array {
  return Random.fromSeed(CATALOGUE_SEED).fork("twin").shuffle(directorMoods(catalogue));
}

/** A blend in words: "bleak or tender Drama or Crime". */
export function blendInWords(blend: Blend): string {
  const moods = inWords(
    blend.moods.map((mood) => MOODS[mood]),
    "or",
  );
  return `${moods} ${inWords(
    blend.genres.map((genre) => GENRES[genre].name),
    "or",
  )}`;
}
