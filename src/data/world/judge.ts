import type { Catalogue } from "./catalogue.js";
import { RATING_NOISE, RATING_THRESHOLDS, VARIANCE } from "./constants.js";
import { GENRES, MOODS } from "./words.js";

/**
 * What a judge knows of films. `knowledge`: genres, and from the corpus the moods of directors, hence blends.
 * `content`: genres and who directed, but no mood: two films of one director are known to share a mood, whichever it is.
 * A table of moods by director: the judge takes it for the truth (the twin's permuted table, say).
 */
export type JudgeKind = "knowledge" | "content" | { readonly moods: ArrayLike<number> };

/** Posterior means for the targets, given films that a user rated and what the ratings tell. */
export type Judge = (
  rated: ArrayLike<number>,
  residuals: ArrayLike<number>,
  targets: ArrayLike<number>,
) => Float64Array;

/**
 * A Bayes judge: the posterior mean of a user's taste for films, given the user's ratings, under the world's own prior
 * (a Gaussian process whose kernel is the covariance of the terms of utility that the judge can know). `residuals` are
 * the utilities that the ratings tell of, less what is common to all users (the film's mean).
 */
export function makeJudge(catalogue: Catalogue, kind: JudgeKind): Judge {
  const kernel = tasteKernel(catalogue, kind);
  return (rated, residuals, targets) => {
    const size = rated.length;
    const matrix = Array.from({ length: size }, (_, a) =>
      Float64Array.from({ length: size }, (_, b) => kernel(rated[a], rated[b]) + (a === b ? UNTOLD : 0)),
    );
    const weights = solvePositive(matrix, Float64Array.from(residuals));
    return Float64Array.from(targets, (target) => {
      let sum = 0;
      for (let a = 0; a < size; a++) sum += weights[a] * kernel(target, rated[a]);
      return sum;
    });
  };
}

/** Variance of utility within one star, about: what a rating leaves open. */
const STAR_WIDTH = 0.06;

/** Variance of what a rating tells of utility beyond all that a judge can know of. */
export const UNTOLD = VARIANCE.latent + VARIANCE.noise + RATING_NOISE ** 2 + STAR_WIDTH;

/**
 * The middle of each star's range of utility (index 1 to 5; index 0 unused), the open ends at half a unit beyond: turns
 * ratings into utilities for {@link makeJudge}.
 */
export const STAR_UTILITY: readonly number[] = [
  NaN,
  RATING_THRESHOLDS[0] - 0.5,
  ...RATING_THRESHOLDS.slice(1).map((threshold, k) => (threshold + RATING_THRESHOLDS[k]) / 2),
  RATING_THRESHOLDS[RATING_THRESHOLDS.length - 1] + 0.5,
];

/** The covariance, over users, of the knowable taste for two films. */
export function tasteKernel(catalogue: Catalogue, kind: JudgeKind): (a: number, b: number) => number {
  const moods =
    kind === "content" ? null : kind === "knowledge" ? catalogue.directors.map((d) => d.mood) : kind.moods;
  const { features, width } = tasteFeatures(catalogue, moods);
  const directors = Int32Array.from(catalogue.films, (film) => film.director);
  const dot = (a: number, b: number, from: number): number => {
    let sum = 0;
    for (let k = from; k < width; k++) sum += features[a * width + k] * features[b * width + k];
    return sum;
  };
  if (moods !== null) return (a, b) => dot(a, b, 0);
  // One mood of eight, and two of eight for a blend: unknown, but the same for two films of one director. Blend
  // features carry the factor 1/4 of both films; for one director it counts once.
  const share = 1 / MOODS.length;
  return (a, b) => {
    const base = dot(a, b, 0) + VARIANCE.mood * share;
    if (directors[a] !== directors[b]) return base;
    return base + VARIANCE.mood * (1 - share) + dot(a, b, GENRES.length) * (1 / BLEND_MOODS - 1);
  };
}

/** Share of moods that belong to a blend. */
const BLEND_MOODS = 2 / MOODS.length;

/** Vectors whose products are the covariances: genres, then (where known) moods, then blends. */
function tasteFeatures(
  catalogue: Catalogue,
  moods: ArrayLike<number> | null,
): { features: Float64Array; width: number } {
  const { films, blends, genreIndex, genreWeight } = catalogue;
  const moodWidth = moods === null ? 0 : MOODS.length;
  const width = GENRES.length + moodWidth + blends.length;
  const features = new Float64Array(films.length * width);
  const blendSd = Math.sqrt(VARIANCE.blend) * catalogue.blendScale;
  films.forEach((film, n) => {
    const row = features.subarray(n * width, (n + 1) * width);
    for (let k = n * 3; k < n * 3 + 3; k++) row[genreIndex[k]] += Math.sqrt(VARIANCE.genre) * genreWeight[k];
    if (moods !== null) row[GENRES.length + moods[film.director]] = Math.sqrt(VARIANCE.mood);
    blends.forEach((blend, r) => {
      if (!film.genres.some((genre) => blend.genres.includes(genre))) return;
      const chance = moods === null ? BLEND_MOODS : blend.moods.includes(moods[film.director]) ? 1 : 0;
      row[GENRES.length + moodWidth + r] = blendSd * chance;
    });
  });
  return { features, width };
}

/** Solves A x = y for a symmetric positive definite A by Cholesky's factorisation; A is overwritten. */
export function solvePositive(a: Float64Array[], y: Float64Array): Float64Array {
  const n = y.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i][j];
      for (let k = 0; k < j; k++) sum -= a[i][k] * a[j][k];
      a[i][j] = i === j ? Math.sqrt(sum) : sum / a[j][j];
    }
  }
  const x = y.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= a[i][k] * x[k];
    x[i] /= a[i][i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= a[k][i] * x[k];
    x[i] /= a[i][i];
  }
  return x;
}
