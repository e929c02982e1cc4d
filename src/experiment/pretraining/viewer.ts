import { Random } from "../../core/random.js";
import {
  CORPUS_SEED,
  EXPOSURE,
  LATENT_FACTORS,
  LIKED,
  MONTHS,
  POPULARITY,
} from "../../data/world/constants.js";
import { drawHistory, type Platform, userRandom } from "../../data/world/histories.js";
import { drawTaste, type Taste } from "../../data/world/users.js";

/** A user of the corpus's own population, as far as texts may tell of it: films that the language model knows. */
export interface Viewer {
  readonly taste: Taste;
  /** Films seen, in order of time, by verdict. */
  readonly liked: readonly number[];
  readonly disliked: readonly number[];
}

/**
 * The corpus's platform as the language model imagines it: films as popular as it takes them to be, and none that it does not know.
 */
export function imaginedPlatform(platform: Platform): Platform {
  const { catalogue, popularity } = platform;
  const count = catalogue.films.length;
  const log = new Float32Array(MONTHS * count).fill(-Infinity);
  for (let month = 0; month < MONTHS; month++) {
    for (let n = 0; n < count; n++) {
      if (!catalogue.films[n].isNew && month >= catalogue.firstMonth[n])
        log[month * count + n] = POPULARITY.spread * popularity.languageModel[n];
    }
  }
  const exposure = log.map((level) => Math.exp(EXPOSURE.popularity * level));
  return { ...platform, popularity: { ...popularity, log }, exposure };
}

/**
 * Quality and latent factors of films are hidden from all texts. Here they are drawn anew, for one viewer or one dialogue alone: what is drawn with
 * them is as noisy as the platform's own data, and nothing hidden can be learnt from it.
 */
export function withOtherHidden(platform: Platform, label: string): Platform {
  const count = platform.catalogue.films.length;
  const random = Random.fromSeed(CORPUS_SEED).fork(`hidden/${label}`);
  const hidden = { quality: random.normals(count), latent: random.normals(count * LATENT_FACTORS) };
  return { ...platform, catalogue: { ...platform.catalogue, ...hidden } };
}

/** User number n of an imagined platform. */
export function viewerOf(platform: Platform, user: number): Viewer {
  const { films, ratings } = drawHistory(withOtherHidden(platform, `viewer/${user}`), user);
  const [liked, disliked]: [number[], number[]] = [[], []];
  films.forEach((film, n) => (ratings[n] >= LIKED ? liked : disliked).push(film));
  const taste = drawTaste(userRandom(platform, user), platform.catalogue);
  return { taste, liked, disliked };
}

/** Up to `count` different entries, in the list's own order. */
export function someOf<T>(random: Random, list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list];
  return Array.from(random.sample(list.length, count))
    .sort((a, b) => a - b)
    .map((at) => list[at]);
}
