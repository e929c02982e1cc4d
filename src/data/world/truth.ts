import type { Catalogue } from "./catalogue.js";
import {
  CUTOFF_MONTH,
  EXPOSURE,
  LIKED,
  MONTHS,
  RATING_NOISE,
  RATING_THRESHOLDS,
  SEEN_SHIFT,
  VARIANCE,
} from "./constants.js";
import type { DialogueFacts } from "./dialogue-facts.js";
import { drawDialogue, logSoftmax, targetLogits } from "./dialogues.js";
import { nextGenre, ownGenres, stationaryGenres } from "./genres.js";
import { drawHistory, exponentials, monthOf, userRandom, type Platform } from "./histories.js";
import {
  contentUtilities,
  drawNoise,
  drawTaste,
  KNOWABLE,
  TERMS,
  utilities,
  type Taste,
  type Term,
} from "./users.js";
import { GENRES } from "./words.js";

/**
 * The generative truth of the embedded world (docs/world.md). Only controls (the oracles) may read it. Rows are made
 * anew at each call, in well under a millisecond for 1,500 films: keep a row that is used more than once.
 */
export interface WorldTruth {
  /** Films, directors with their moods, blends, latent factors. */
  readonly catalogue: Catalogue;
  /** log pi_LM of each film, NaN for films that the language model does not know. */
  readonly languageModelPopularity: Float32Array;
  /** The true utility u_ui of an item for a user, noise term included: what an all-knowing recommender ranks by. */
  utility(user: number, item: number): number;
  /** Utility of every item, [items]: the sum of the given terms, by default all of them, noise included. */
  utilities(user: number, terms?: readonly Term[]): Float32Array;
  /** Expected utility of every item for one who knows the user's taste and the item's text, but no director's mood. */
  contentUtilities(user: number): Float32Array;
  /**
   * P(rating >= 4 | the user has seen the item), [items], where the given terms are known (by default all but the
   * noise) and the others are not: taken as normal with their population variance. Exact for all terms; by default
   * calibrated within .02 (tested).
   */
  likeProbabilities(user: number, known?: readonly Term[]): Float32Array;
  /**
   * The share of each item in what the user is expected to see from month `from` up to month `to`, [items]: the
   * ranking by which a recommender of future interactions can't be beaten. By default from the knowledge cut-off to
   * the end. Sums to 1; 0 for films not yet out and for those that the user saw before month `from`.
   */
  exposures(user: number, from?: number, to?: number): Float32Array;
  /** P(main genre of the next item seen | genre of the last item liked), [genres]; `null`: none liked yet. */
  nextGenre(user: number, previous: number | null): Float64Array;
  /**
   * P(main genre of the next item LIKED | genre of the last item liked), [last genre][genre]: the chain that runs
   * through a user's liked items. Exact up to what the user has already seen; the month sets the items' popularity.
   */
  likedGenreChain(user: number, month?: number): readonly Float64Array[];
  /** What dialogue number n (in the data set's order) was made from. */
  dialogue(number: number): DialogueFacts;
  /** log P(first target | everything), [items], -Infinity for films named before or not yet out. */
  dialogueTarget(number: number): Float32Array;
}

/** The truth behind a platform. */
export function makeTruth(platform: Platform): WorldTruth {
  const { catalogue } = platform;
  const tasteOf = (user: number): Taste => drawTaste(userRandom(platform, user), catalogue);
  const rowOf = (user: number, terms: readonly Term[] = TERMS): Float32Array => {
    const own = userRandom(platform, user);
    const noise = terms.includes("noise") ? drawNoise(own, catalogue.films.length) : undefined;
    return utilities(catalogue, drawTaste(own, catalogue), terms, noise);
  };
  return {
    catalogue,
    languageModelPopularity: platform.popularity.languageModel,
    utility: (user, item) => rowOf(user)[item],
    utilities: rowOf,
    contentUtilities: (user) => contentUtilities(catalogue, tasteOf(user)),
    likeProbabilities: (user, known = KNOWABLE) => likeProbabilities(rowOf(user, known), known),
    exposures: (user, from = CUTOFF_MONTH, to = MONTHS) =>
      expectedExposures(platform, user, rowOf(user), stationaryGenres(ownGenres(tasteOf(user))), from, to),
    nextGenre: (user, previous) => nextGenre(ownGenres(tasteOf(user)), previous),
    likedGenreChain: (user, month = CUTOFF_MONTH) => {
      const row = rowOf(user, KNOWABLE);
      const liking = genreLiking(platform, row, likeProbabilities(row, KNOWABLE), month);
      const own = ownGenres(tasteOf(user));
      return GENRES.map((_, last) => {
        const weights = nextGenre(own, last).map((share, g) => share * liking[g]);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        return weights.map((weight) => weight / total);
      });
    },
    dialogue: (number) => drawDialogue(platform, number),
    dialogueTarget: (number) => {
      const facts = drawDialogue(platform, number);
      const logits = targetLogits(platform, rowOf(facts.user), facts.month, facts.need);
      for (const film of [...facts.liked, ...facts.disliked]) logits[film] = -Infinity;
      return logSoftmax(logits);
    },
  };
}

/**
 * Phi((known + s V - tau) / sqrt(V + sigma^2)), V the variance of what is not known and s = {@link SEEN_SHIFT}: exposure
 * grows with exp(gamma u), which shifts the unknown normal part of a film that was seen and leaves its variance.
 */
function likeProbabilities(row: Float32Array, known: readonly Term[]): Float32Array {
  const hidden = TERMS.filter((term) => !known.includes(term)).reduce((sum, term) => sum + VARIANCE[term], 0);
  const threshold = RATING_THRESHOLDS[LIKED - 2];
  const sd = Math.sqrt(hidden + RATING_NOISE ** 2);
  return row.map((u) => normalCdf((u + SEEN_SHIFT * hidden - threshold) / sd));
}

function expectedExposures(
  platform: Platform,
  user: number,
  utility: Float32Array,
  genres: Float64Array,
  from: number,
  to: number,
): Float32Array {
  const { catalogue, exposure } = platform;
  const appeal = exponentials(utility, EXPOSURE.utility);
  const history = drawHistory(platform, user);
  history.films.forEach((film, n) => {
    if (monthOf(history.times[n]) < from) appeal[film] = 0;
  });
  const out = new Float32Array(utility.length);
  for (let month = from; month < to; month++) {
    const offset = month * utility.length;
    catalogue.byGenre.forEach((films, genre) => {
      let total = 0;
      for (const film of films) total += appeal[film] * exposure[offset + film];
      if (total === 0) return;
      for (const film of films) out[film] += (genres[genre] * appeal[film] * exposure[offset + film]) / total;
    });
  }
  const sum = out.reduce((a, b) => a + b, 0);
  return out.map((share) => share / sum);
}

/** P(like | a film of the genre was seen), [genres], averaged over the films that the user would see. */
function genreLiking(platform: Platform, row: Float32Array, like: Float32Array, month: number): Float64Array {
  const offset = month * row.length;
  return Float64Array.from(GENRES, (_, genre) => {
    let liked = 0;
    let seen = 0;
    for (const film of platform.catalogue.byGenre[genre]) {
      const weight = Math.exp(EXPOSURE.utility * row[film]) * platform.exposure[offset + film];
      liked += weight * like[film];
      seen += weight;
    }
    return seen === 0 ? 0 : liked / seen;
  });
}

/** The standard normal's distribution function (Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8). */
export function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return x > 0 ? 1 - tail : tail;
}
