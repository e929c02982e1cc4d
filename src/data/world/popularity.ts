import { Random } from "../../core/random.js";
import { standardise, type Catalogue } from "./catalogue.js";
import { CATALOGUE_SEED, CUTOFF_MONTH, LM_POPULARITY_AGREEMENT, MONTHS, POPULARITY } from "./constants.js";

/** How popular films are, month by month, on the platform, and how popular the language model takes them to be. */
export interface Popularity {
  /** log pi, [MONTHS, films]; -Infinity before the film can be seen. */
  readonly log: Float32Array;
  /**
   * log pi_LM of the films that the language model knows: `.5 log pi + sqrt(.75) eta`, where log pi is the one of the
   * last month before the cut-off, standardised over those films, and eta is standard normal; NaN for new films.
   */
  readonly languageModel: Float32Array;
}

/** Popularity belongs to the catalogue: it is the same in every run. */
export function makePopularity(catalogue: Catalogue): Popularity {
  const count = catalogue.films.length;
  const root = Random.fromSeed(CATALOGUE_SEED);
  const log = new Float32Array(MONTHS * count).fill(-Infinity);
  const eta = new Float32Array(count);
  catalogue.films.forEach((film, n) => {
    const random = root.fork(`popularity/${n}`);
    eta[n] = random.normal();
    let level = POPULARITY.spread * random.normal();
    for (let month = film.firstMonth; month < MONTHS; month++) {
      const age = month - film.firstMonth;
      const isRelease = film.firstMonth > 0;
      const lift = isRelease ? POPULARITY.releaseLift * Math.exp(-age / POPULARITY.releaseMonths) : 0;
      log[month * count + n] = level + lift;
      level += POPULARITY.step * random.normal();
    }
  });
  return { log, languageModel: languageModelPopularity(catalogue, log, eta) };
}

function languageModelPopularity(catalogue: Catalogue, log: Float32Array, eta: Float32Array): Float32Array {
  const count = catalogue.films.length;
  const known = catalogue.films.flatMap((film, n) => (film.isNew ? [] : [n]));
  const last = standardise(Float32Array.from(known, (n) => log[(CUTOFF_MONTH - 1) * count + n]));
  const out = new Float32Array(count).fill(NaN);
  const rest = Math.sqrt(1 - LM_POPULARITY_AGREEMENT ** 2);
  known.forEach((n, k) => {
    out[n] = LM_POPULARITY_AGREEMENT * last[k] + rest * eta[n];
  });
  return out;
}
