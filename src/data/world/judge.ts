import type { Catalogue } from "./catalogue.js";
import { RATING_NOISE, RATING_THRESHOLDS, VARIANCE } from "./constants.js";
import { MOODS } from "./words.js";

/**
 * What a judge knows of films. `knowledge`: genres, and from the corpus the moods of directors, hence blends.
 * `content`: genres and who directed, but no mood: two films of one director are known to share a mood, whichever it is.
 * A table of moods by director: the judge takes it for the truth (the twin's permuted table, say).
 */
export type JudgeKind = "knowledge" | "content" | { readonly moods: ArrayLike<number> };

/**
 * A Bayes judge: the posterior mean of a user's taste for films, given the user's ratings, under the world's own prior
 * (a Gaussian process whose kernel is the covariance of the terms of utility that the judge can know).
 * @param rated - films that the user rated.
 * @param residuals - utility that their ratings tell of, less what is common to all users (the film's mean).
 * @param targets - films to be judged.
 * @returns the posterior mean of the taste terms for each target.
 */
export function judgeFilms(
  catalogue: Catalogue,
  kind: JudgeKind,
  rated: ArrayLike<number>,
  residuals: ArrayLike<number>,
  targets: ArrayLike<number>,
): Float64Array {
  const kernel = tasteKernel(catalogue, kind);
  const size = rated.length;
  const noise = VARIANCE.latent + VARIANCE.noise + RATING_NOISE ** 2 + STAR_WIDTH;
  const matrix = Array.from({ length: size }, (_, a) =>
    Float64Array.from({ length: size }, (_, b) => kernel(rated[a], rated[b]) + (a === b ? noise : 0)),
  );
  const weights = solvePositive(matrix, Float64Array.from(residuals));
  return Float64Array.from(targets, (target) => {
    let sum = 0;
    for (let a = 0; a < size; a++) sum += weights[a] * kernel(target, rated[a]);
    return sum;
  });
}

/** Variance of utility within one star, about: what a rating leaves open. */
const STAR_WIDTH = 0.06;

/**
 * The middle of each star's range of utility (index 1 to 5; index 0 unused), the open ends at half a unit beyond: turns
 * ratings into utilities for {@link judgeFilms}.
 */
export const STAR_UTILITY: readonly number[] = [
  NaN,
  RATING_THRESHOLDS[0] - 0.5,
  ...RATING_THRESHOLDS.slice(1).map((threshold, k) => (threshold + RATING_THRESHOLDS[k]) / 2),
  RATING_THRESHOLDS[RATING_THRESHOLDS.length - 1] + 0.5,
];

/** The covariance, over users, of the knowable taste for two films. */
export function tasteKernel(catalogue: Catalogue, kind: JudgeKind): (a: number, b: number) => number {
  const { films, blends, blendScale, genreIndex, genreWeight } = catalogue;
  const moods =
    kind === "content" ? null : kind === "knowledge" ? catalogue.directors.map((d) => d.mood) : kind.moods;
  const matches = films.map((film) =>
    blends.flatMap((blend, r) => (film.genres.some((genre) => blend.genres.includes(genre)) ? [r] : [])),
  );
  const blendVariance = VARIANCE.blend * blendScale ** 2;
  return (a, b) => {
    let genre = 0;
    for (let x = a * 3; x < a * 3 + 3; x++)
      for (let y = b * 3; y < b * 3 + 3; y++)
        if (genreIndex[x] === genreIndex[y]) genre += genreWeight[x] * genreWeight[y];
    const [first, second] = [films[a].director, films[b].director];
    let shared = 0;
    for (const r of matches[a]) {
      if (!matches[b].includes(r)) continue;
      const share = blends[r].moods.length / MOODS.length;
      if (moods === null) shared += first === second ? share : share * share;
      else if (blends[r].moods.includes(moods[first]) && blends[r].moods.includes(moods[second])) shared += 1;
    }
    const mood =
      moods === null ? (first === second ? 1 : 1 / MOODS.length) : moods[first] === moods[second] ? 1 : 0;
    return VARIANCE.genre * genre + VARIANCE.mood * mood + blendVariance * shared;
  };
}

/** Solves A x = y for a symmetric positive definite A by Cholesky's factorisation; A is overwritten. */
function solvePositive(a: Float64Array[], y: Float64Array): Float64Array {
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
