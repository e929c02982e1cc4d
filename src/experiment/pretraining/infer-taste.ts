import type { Catalogue } from "../../data/world/catalogue.js";
import { LATENT_FACTORS } from "../../data/world/constants.js";
import { solvePositive, UNTOLD } from "../../data/world/judge.js";
import type { Taste } from "../../data/world/users.js";
import { GENRES, MOODS } from "../../data/world/words.js";
import { type KnowableTaste, type Subject, traitsOf } from "./subjects.js";

/** A taste as far as it can be inferred. */
export type InferredTaste = Omit<Taste, "focus">;

/**
 * What one who knows genres and moods infers of a viewer's taste: the posterior mean under the world's own prior, given films that the viewer
 * liked (utility one above the film's mean) and disliked (one below). Of latent factors nothing follows.
 */
export function inferTaste(
  catalogue: Catalogue,
  liked: readonly Subject[],
  disliked: readonly Subject[] = [],
): InferredTaste {
  const films = [...liked, ...disliked];
  const traits = films.map((film) => traitsOf(catalogue, film));
  const covariance = traits.map((own, a) =>
    Float64Array.from(traits, (other, b) => product(own, other) + (a === b ? UNTOLD : 0)),
  );
  const weights = solvePositive(
    covariance,
    Float64Array.from(films, (_, n) => (n < liked.length ? 1 : -1)),
  );
  const taste = {
    genre: new Float32Array(GENRES.length),
    mood: new Float32Array(MOODS.length),
    blend: new Float32Array(catalogue.blends.length),
    latent: new Float32Array(LATENT_FACTORS),
  };
  traits.forEach((own, a) => {
    for (const term of TERMS) own[term].forEach((trait, n) => (taste[term][n] += weights[a] * trait));
  });
  return taste;
}

const TERMS = ["genre", "mood", "blend"] as const;

function product(a: KnowableTaste, b: KnowableTaste): number {
  let sum = 0;
  for (const term of TERMS) a[term].forEach((value, n) => (sum += value * b[term][n]));
  return sum;
}
