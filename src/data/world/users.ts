import type { Random } from "../../core/random.js";
import type { Catalogue } from "./catalogue.js";
import { LATENT_FACTORS, SEQUENCE, VARIANCE } from "./constants.js";
import { GENRES, MOODS } from "./words.js";

/** What a user likes. All entries are standard normal, except focus. */
export interface Taste {
  /** p, one for each genre. */
  readonly genre: Float32Array;
  /** t, one for each mood. */
  readonly mood: Float32Array;
  /** a, one for each blend of genres and moods. */
  readonly blend: Float32Array;
  /** x, one for each latent factor. */
  readonly latent: Float32Array;
  /** delta: how strongly genre taste decides what is seen next; log-normal. */
  readonly focus: number;
}

/** The terms of utility. `noise` is the lasting noise epsilon of a user and a film. */
export const TERMS = ["quality", "genre", "mood", "blend", "latent", "noise"] as const;
export type Term = (typeof TERMS)[number];

/** All terms but the noise: what can be known of utility. */
export const KNOWABLE: readonly Term[] = ["quality", "genre", "mood", "blend", "latent"];

/** Draws a user's taste. @param user - this user's own generator; it is forked, not advanced. */
export function drawTaste(user: Random, catalogue: Catalogue): Taste {
  const random = user.fork("taste");
  return {
    genre: random.normals(GENRES.length),
    mood: random.normals(MOODS.length),
    blend: random.normals(catalogue.blends.length),
    latent: random.normals(LATENT_FACTORS),
    focus: Math.exp(SEQUENCE.logFocusMean + SEQUENCE.logFocusSpread * random.normal()),
  };
}

/** epsilon of a user for every film, in the films' order: the same for a film in every larger catalogue. */
export function drawNoise(user: Random, films: number): Float32Array {
  return user.fork("noise").normals(films);
}

/**
 * The sum of some terms of utility for every film (docs/world.md, "Utility"):
 * `sqrt(v_b) b + sqrt(v_g) p.g + sqrt(v_m) t[mood] + sqrt(v_c) s sum_r a_r c_r + sqrt(v_z) x.z + sqrt(v_e) epsilon`.
 * @param noise - from {@link drawNoise}; read only where `terms` names the noise.
 */
export function utilities(
  catalogue: Catalogue,
  taste: Omit<Taste, "focus">,
  terms: readonly Term[],
  noise?: Float32Array,
): Float32Array {
  const has = (term: Term): number => (terms.includes(term) ? 1 : 0);
  const scale = (term: Term): number => has(term) * Math.sqrt(VARIANCE[term]);
  const p = taste.genre.map((x) => x * scale("genre"));
  const t = taste.mood.map((x) => x * scale("mood"));
  const a = taste.blend.map((x) => x * scale("blend") * catalogue.blendScale);
  const x = taste.latent.map((value) => value * scale("latent"));
  const b = scale("quality");
  const e = scale("noise");
  const { genreIndex, genreWeight, mood, blendOffsets, blendIndex, latent, quality } = catalogue;
  const factors = LATENT_FACTORS;
  const out = new Float32Array(mood.length);
  for (let n = 0; n < out.length; n++) {
    const g = n * 3;
    let sum =
      b * quality[n] +
      genreWeight[g] * p[genreIndex[g]] +
      genreWeight[g + 1] * p[genreIndex[g + 1]] +
      genreWeight[g + 2] * p[genreIndex[g + 2]] +
      t[mood[n]];
    for (let r = blendOffsets[n]; r < blendOffsets[n + 1]; r++) sum += a[blendIndex[r]];
    for (let k = 0; k < factors; k++) sum += x[k] * latent[n * factors + k];
    out[n] = sum;
  }
  if (e > 0) {
    if (noise === undefined) throw new RangeError("utilities: the noise term needs its values");
    for (let n = 0; n < out.length; n++) out[n] += e * noise[n];
  }
  return out;
}

/**
 * Expected utility of every film for one who knows the user's taste and all item text, but neither a director's mood
 * nor anything hidden: the genre term, the user's mean over moods, and each blend weighted by its share of moods.
 */
export function contentUtilities(catalogue: Catalogue, taste: Taste): Float32Array {
  const out = utilities(catalogue, taste, ["genre"]);
  const scale = Math.sqrt(VARIANCE.blend) * catalogue.blendScale;
  const meanMood = (Math.sqrt(VARIANCE.mood) * taste.mood.reduce((sum, t) => sum + t, 0)) / MOODS.length;
  catalogue.films.forEach((film, n) => {
    out[n] += meanMood;
    catalogue.blends.forEach((blend, r) => {
      if (film.genres.some((genre) => blend.genres.includes(genre)))
        out[n] += (scale * taste.blend[r] * blend.moods.length) / MOODS.length;
    });
  });
  return out;
}
