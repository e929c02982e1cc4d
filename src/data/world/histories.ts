import type { Random } from "../../core/random.js";
import type { Catalogue } from "./catalogue.js";
import {
  ACTIVITY,
  EXPOSURE,
  LIKED,
  MONTHS,
  MONTH_SECONDS,
  RATING_NOISE,
  RATING_THRESHOLDS,
  WORLD_START,
} from "./constants.js";
import { nextGenre, ownGenres } from "./genres.js";
import type { Popularity } from "./popularity.js";
import { drawNoise, drawTaste, TERMS, utilities } from "./users.js";

/** What one user saw, in order of time. */
export interface History {
  readonly films: Int32Array;
  readonly ratings: Float32Array;
  /** Unix seconds, strictly increasing. */
  readonly times: Float64Array;
}

/** Everything that a user's history is drawn from. */
export interface Platform {
  readonly catalogue: Catalogue;
  readonly popularity: Popularity;
  /** pi^.7 by month and film, 0 before the film can be seen: [MONTHS, films]. */
  readonly exposure: Float32Array;
  /** The population's generator; user n has its fork `user/n`. */
  readonly random: Random;
  readonly users: number;
  readonly dialogues: number;
  /** Interactions a user on average. */
  readonly activity: number;
}

/** The generator of one user. Everything about the user follows from it alone. */
export function userRandom(platform: Platform, user: number): Random {
  return platform.random.fork(`user/${user}`);
}

/**
 * Draws the history of one user: a pure function of the platform and the user's number, so that users can be made in
 * any order, all at once or one by one.
 */
export function drawHistory(platform: Platform, user: number): History {
  const { catalogue, exposure } = platform;
  const own = userRandom(platform, user);
  const taste = drawTaste(own, catalogue);
  const utility = utilities(catalogue, taste, TERMS, drawNoise(own, catalogue.films.length));
  const random = own.fork("history");
  const times = drawTimes(random, drawActivity(platform, user));
  const appeal = exponentials(utility, EXPOSURE.utility);
  const genres = ownGenres(taste);
  const films = new Int32Array(times.length);
  const ratings = new Float32Array(times.length);
  let previous: number | null = null;
  for (let n = 0; n < times.length; n++) {
    const month = monthOf(times[n]);
    const offset = month * catalogue.films.length;
    const film = drawFilm(random, catalogue, nextGenre(genres, previous), appeal, exposure, offset);
    films[n] = film;
    ratings[n] = rate(utility[film] + RATING_NOISE * random.normal());
    if (ratings[n] >= LIKED) previous = catalogue.mainGenre[film];
    appeal[film] = 0;
  }
  return { films, ratings, times };
}

/** exp(strength * value) for each value. */
export function exponentials(values: Float32Array, strength: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let n = 0; n < out.length; n++) out[n] = Math.exp(strength * values[n]);
  return out;
}

/** Draws the main genre, then a film of it with probability ~ pi^.7 exp(u) among those not yet seen. */
function drawFilm(
  random: Random,
  catalogue: Catalogue,
  genres: Float64Array,
  appeal: Float32Array,
  exposure: Float32Array,
  offset: number,
): number {
  const open = genres.slice();
  for (;;) {
    const genre = random.weighted(open);
    const candidates = catalogue.byGenre[genre];
    let total = 0;
    for (let n = 0; n < candidates.length; n++)
      total += appeal[candidates[n]] * exposure[offset + candidates[n]];
    let rest = random.uniform() * total;
    for (let n = 0; n < candidates.length; n++) {
      rest -= appeal[candidates[n]] * exposure[offset + candidates[n]];
      if (rest < 0) return candidates[n];
    }
    // Nothing of this genre is left to see (or rounding stepped over the last film): another genre.
    if (total === 0) open[genre] = 0;
  }
}

/** Stars for a utility with rating noise: 1 and one more for each threshold passed. */
export function rate(noisyUtility: number): number {
  return 1 + RATING_THRESHOLDS.filter((threshold) => noisyUtility > threshold).length;
}

/** The month of a time, 0 to MONTHS - 1. */
export function monthOf(time: number): number {
  return Math.floor((time - WORLD_START) / MONTH_SECONDS);
}

/**
 * How much a user sees: a share that everybody has plus a log-normal rest, at most a third of the catalogue. The
 * log-normal's quantile is taken at a point of a low-discrepancy sequence over users, so that the total comes near the
 * number asked for.
 */
function drawActivity(platform: Platform, user: number): number {
  const start = platform.random.fork("activity").uniform();
  const quantile = (start + user * 0.6180339887498949) % 1;
  const { base, logSpread } = ACTIVITY;
  const rest = Math.exp(logSpread * normalQuantile(quantile) - (logSpread * logSpread) / 2);
  const wanted = platform.activity * (base + (1 - base) * rest);
  const draw = Math.floor(wanted + userRandom(platform, user).fork("activity").uniform());
  return Math.min(Math.max(draw, 1), Math.floor(platform.catalogue.films.length / 3));
}

/** Times of a user's interactions, ascending, whole seconds. Most users stay to the end; one in twenty comes after the cut-off. */
function drawTimes(random: Random, count: number): Float64Array {
  const start = random.uniform() ** 2.5 * 0.85 * MONTHS;
  const isLeaving = random.uniform() < 0.15;
  const end = isLeaving ? start + (MONTHS - start) * (0.2 + 0.8 * random.uniform()) : MONTHS;
  const seconds = (end - start) * MONTH_SECONDS - count;
  const times = Float64Array.from({ length: count }, () =>
    Math.floor(random.uniform() ** 1.5 * seconds),
  ).sort();
  // The n-th is put off by n seconds: no two are equal, and none goes past the end.
  return times.map((time, n) => WORLD_START + Math.floor(start * MONTH_SECONDS) + time + n);
}

/** The standard normal's quantile function (Acklam's rational approximation, relative error below 1.2e-9). */
export function normalQuantile(p: number): number {
  const clipped = Math.min(Math.max(p, 1e-9), 1 - 1e-9);
  const low = 0.02425;
  if (clipped < low) return tail(Math.sqrt(-2 * Math.log(clipped)));
  if (clipped > 1 - low) return -tail(Math.sqrt(-2 * Math.log(1 - clipped)));
  const q = clipped - 0.5;
  const r = q * q;
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ];
  const b = [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1,
  ];
  return (polynomial(a, r) * q) / polynomial(b, r);
}

function tail(q: number): number {
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];
  return polynomial(c, q) / polynomial(d, q);
}

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, c) => sum * x + c, 0);
}
