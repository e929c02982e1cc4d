import { SEQUENCE } from "./constants.js";
import type { Taste } from "./users.js";
import { GENRES } from "./words.js";

/** Share of T that stays with the last genre. */
const PERSISTENCE = 0.4;

/**
 * T: which genre tends to follow which, whoever watches. With weight .4 the last genre again; else in proportion to the
 * genres' shares, the share of the next genre in the list counting 12 times and that of the third next 6 times (the
 * list is closed to a circle). Strongly asymmetric: much of what leads on does not lead back. Rows sum to 1.
 */
export const GENRE_TRANSITIONS: readonly Float64Array[] = GENRES.map((_, from) => {
  const row = Float64Array.from(GENRES, (genre) => genre.share);
  row[(from + 1) % GENRES.length] *= 12;
  row[(from + 3) % GENRES.length] *= 6;
  const total = row.reduce((sum, weight) => sum + weight, 0);
  return row.map((weight, to) => (1 - PERSISTENCE) * (weight / total) + (to === from ? PERSISTENCE : 0));
});

/** A user's own distribution over genres: softmax(log share + delta p). */
export function ownGenres(taste: Taste): Float64Array {
  const logits = GENRES.map((genre, g) => Math.log(genre.share) + taste.focus * taste.genre[g]);
  const most = Math.max(...logits);
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const total = weights.reduce((sum, w) => sum + w, 0);
  return weights.map((w) => w / total);
}

/** The distribution of the next genre: `(1 - kappa) own + kappa T[previous]`; `own` where there is no previous one. */
export function nextGenre(own: Float64Array, previous: number | null): Float64Array {
  if (previous === null) return own;
  const follow = GENRE_TRANSITIONS[previous];
  const kappa = SEQUENCE.previous;
  const out = new Float64Array(own.length);
  for (let g = 0; g < out.length; g++) out[g] = (1 - kappa) * own[g] + kappa * follow[g];
  return out;
}

/** The long-run distribution of genres under {@link nextGenre}: the chain's stationary distribution. */
export function stationaryGenres(own: Float64Array): Float64Array {
  // kappa bounds the second eigenvalue, so the error shrinks at least by kappa a step.
  let shares = own;
  for (let step = 0; step < 40; step++) {
    const next = own.map((share) => (1 - SEQUENCE.previous) * share);
    shares.forEach((weight, from) => {
      const follow = GENRE_TRANSITIONS[from];
      for (let g = 0; g < next.length; g++) next[g] += SEQUENCE.previous * weight * follow[g];
    });
    shares = next;
  }
  return shares;
}
