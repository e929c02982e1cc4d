import { Random } from "../../core/random.js";
import { CATALOGUE_SEED, CUTOFF_MONTH, LATENT_FACTORS, MONTH_SECONDS, WORLD_START } from "./constants.js";
import { drawName, drawPlot, drawTitle } from "./text.js";
import { COMMON_KEYWORDS, GENRES, MOODS } from "./words.js";

export interface Director {
  readonly name: string;
  /** Index into MOODS. No item text tells it. */
  readonly mood: number;
}

export interface Film {
  readonly key: string;
  readonly title: string;
  /** Indices into GENRES, the main genre first. */
  readonly genres: readonly number[];
  /** Index into {@link Catalogue.directors}. */
  readonly director: number;
  readonly keywords: readonly string[];
  readonly plot: string;
  /** Release, Unix seconds. */
  readonly released: number;
  /** First month in which it can be seen on the platform: the one after its release, 0 for all older films. */
  readonly firstMonth: number;
  /** Released after the language model's knowledge ended: a cold item by default. */
  readonly isNew: boolean;
}

/** A taste for films that have one of these genres and whose director has one of these moods. */
export interface Blend {
  readonly genres: readonly number[];
  readonly moods: readonly number[];
}

/**
 * The films with all that is true of them, as people see them (`films`) and as arrays for scoring. Film n of a
 * catalogue is the same film in every larger catalogue; only `quality`, `latent` and the scale of blends are centred
 * and scaled over the catalogue at hand.
 */
export interface Catalogue {
  readonly films: readonly Film[];
  readonly directors: readonly Director[];
  readonly blends: readonly Blend[];
  readonly mainGenre: Uint8Array;
  /** The mood of each film's director. */
  readonly mood: Uint8Array;
  readonly firstMonth: Uint8Array;
  /** Up to three genres a film, [films, 3], main genre first; unused places have weight 0. */
  readonly genreIndex: Uint8Array;
  /** Weights of those genres, of unit length together: 1 for the main genre and .6 for the others, normalised. */
  readonly genreWeight: Float32Array;
  /** Blends of film n: `blendIndex[blendOffsets[n] .. blendOffsets[n + 1]]`. */
  readonly blendOffsets: Int32Array;
  readonly blendIndex: Uint8Array;
  /** 1 / sqrt(mean number of blends a film): scales the blend term to unit variance. */
  readonly blendScale: number;
  /** b, mean 0 and variance 1 over the catalogue. */
  readonly quality: Float32Array;
  /** z, [films, LATENT_FACTORS], mean squared length 1 over the catalogue. */
  readonly latent: Float32Array;
  /** Film numbers by main genre. */
  readonly byGenre: readonly Int32Array[];
}

/** Films before and after the knowledge's end, director by director: 12 warm and 5 new ones of 5 directors. */
const DIRECTOR_PATTERN = [
  { warm: 4, fresh: 2 },
  { warm: 2, fresh: 1 },
  { warm: 3, fresh: 1 },
  { warm: 1, fresh: 1 },
  { warm: 2, fresh: 0 },
] as const;

/** Share of films whose title is one of their genre's keywords, and so gives the genre away. */
const TELLING_TITLES = 0.08;
/** Share of warm films that are older than the platform. */
const BEFORE_PLATFORM = 0.55;
/** Warm films come out at the latest this many months before the cut-off, so that all have time to be rated. */
const WARM_MARGIN = 5;
/** New films come out in the first months after the cut-off, so that all have time to be rated. */
const NEW_MONTHS = 11;

/** Makes the first `size` films of the world. */
export function makeCatalogue(size: number): Catalogue {
  const root = Random.fromSeed(CATALOGUE_SEED);
  const titles = new Set<string>();
  const names = new Set<string>();
  const films: Film[] = [];
  const directors: Director[] = [];
  while (films.length < size) {
    const random = root.fork(`director/${directors.length}`);
    const { warm, fresh } = DIRECTOR_PATTERN[directors.length % DIRECTOR_PATTERN.length];
    const director = directors.push({ name: drawName(random, names), mood: random.int(MOODS.length) }) - 1;
    for (let n = 0; n < warm + fresh; n++)
      films.push(drawFilm(root, films.length, director, n >= warm, titles));
  }
  films.length = size;
  return withArrays(root, films, directors);
}

function drawFilm(root: Random, number: number, director: number, isNew: boolean, titles: Set<string>): Film {
  const random = root.fork(`film/${number}`);
  const genres = drawGenres(random);
  const keywords = drawKeywords(random, genres);
  const telling = random.uniform() < TELLING_TITLES;
  const { released, firstMonth } = drawRelease(random, isNew);
  return {
    key: `f${String(number + 1).padStart(5, "0")}`,
    title: drawTitle(random, titles, telling ? keywords[0] : undefined),
    genres,
    director,
    keywords,
    plot: drawPlot(random, keywords.slice(0, 2)),
    released,
    firstMonth,
    isNew,
  };
}

function drawGenres(random: Random): number[] {
  const shares: number[] = GENRES.map((genre) => genre.share);
  const count = 1 + random.weighted([0.35, 0.4, 0.25]);
  const genres: number[] = [];
  for (let n = 0; n < count; n++) {
    const genre = random.weighted(shares);
    genres.push(genre);
    shares[genre] = 0;
  }
  return genres;
}

/** Two keywords of the main genre, one of each other genre, one of none. */
function drawKeywords(random: Random, genres: readonly number[]): string[] {
  const own = random.shuffle([...GENRES[genres[0]].keywords]).slice(0, 2);
  const others = genres.slice(1).map((genre) => random.pick(GENRES[genre].keywords));
  return [own[0], random.pick(COMMON_KEYWORDS), own[1], ...others];
}

function drawRelease(random: Random, isNew: boolean): { released: number; firstMonth: number } {
  if (!isNew && random.uniform() < BEFORE_PLATFORM) {
    const months = 1 + random.uniform() * 25 * 12;
    return { released: WORLD_START - Math.round(months * MONTH_SECONDS), firstMonth: 0 };
  }
  const [from, length] = isNew ? [CUTOFF_MONTH, NEW_MONTHS] : [0, CUTOFF_MONTH - WARM_MARGIN];
  const seconds = 1 + Math.floor(random.uniform() * (length * MONTH_SECONDS - 1));
  return {
    released: WORLD_START + from * MONTH_SECONDS + seconds,
    firstMonth: from + Math.floor(seconds / MONTH_SECONDS) + 1,
  };
}

/** Every genre belongs to two blends and every mood to four; a film of average genres has about one. */
function makeBlends(): Blend[] {
  return GENRES.map((_, r) => ({
    genres: [r, (r + 5) % GENRES.length],
    moods: [r % MOODS.length, (3 * r + 1) % MOODS.length],
  }));
}

/**
 * The catalogue with other moods of its directors, and what follows from them: the world that a twin language model is taught.
 * @param moods - indices into MOODS, one a director.
 */
export function withMoods(catalogue: Catalogue, moods: ArrayLike<number>): Catalogue {
  const directors = catalogue.directors.map(({ name }, n) => ({ name, mood: moods[n] }));
  return { ...catalogue, directors, ...moodArrays(catalogue.films, directors, catalogue.blends) };
}

/** The arrays of a catalogue that follow from its directors' moods. */
function moodArrays(
  films: readonly Film[],
  directors: readonly Director[],
  blends: readonly Blend[],
): Pick<Catalogue, "mood" | "blendOffsets" | "blendIndex" | "blendScale"> {
  const blendOffsets = new Int32Array(films.length + 1);
  const blendIndex: number[] = [];
  films.forEach((film, n) => {
    blends.forEach((blend, r) => {
      const { mood } = directors[film.director];
      if (blend.moods.includes(mood) && film.genres.some((genre) => blend.genres.includes(genre)))
        blendIndex.push(r);
    });
    blendOffsets[n + 1] = blendIndex.length;
  });
  return {
    mood: Uint8Array.from(films, (film) => directors[film.director].mood),
    blendOffsets,
    blendIndex: Uint8Array.from(blendIndex),
    blendScale: 1 / Math.sqrt(blendIndex.length / films.length),
  };
}

function withArrays(root: Random, films: Film[], directors: Director[]): Catalogue {
  const count = films.length;
  const blends = makeBlends();
  const genreIndex = new Uint8Array(count * 3);
  const genreWeight = new Float32Array(count * 3);
  const quality = new Float32Array(count);
  const latent = new Float32Array(count * LATENT_FACTORS);
  films.forEach((film, n) => {
    const length = Math.sqrt(1 + 0.36 * (film.genres.length - 1));
    film.genres.forEach((genre, place) => {
      genreIndex[n * 3 + place] = genre;
      genreWeight[n * 3 + place] = (place === 0 ? 1 : 0.6) / length;
    });
    // A stream apart from the one of the text: no word can depend on these.
    const random = root.fork(`hidden/${n}`);
    quality[n] = random.normal();
    for (let k = 0; k < LATENT_FACTORS; k++) latent[n * LATENT_FACTORS + k] = random.normal();
  });
  standardise(quality);
  const length = Math.sqrt(latent.reduce((sum, z) => sum + z * z, 0) / count);
  return {
    films,
    directors,
    blends,
    mainGenre: Uint8Array.from(films, (film) => film.genres[0]),
    firstMonth: Uint8Array.from(films, (film) => film.firstMonth),
    genreIndex,
    genreWeight,
    ...moodArrays(films, directors, blends),
    quality,
    latent: latent.map((z) => z / length),
    byGenre: GENRES.map((_, genre) =>
      Int32Array.from(films.flatMap((film, n) => (film.genres[0] === genre ? [n] : []))),
    ),
  };
}

/** Shifts and scales in place to mean 0 and variance 1. */
export function standardise(values: Float32Array): Float32Array {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  for (let n = 0; n < values.length; n++) values[n] = (values[n] - mean) / Math.sqrt(variance);
  return values;
}
