/**
 * Every number of the embedded world's equations (docs/world.md), in one place. The catalogue's seed belongs to them:
 * films, directors and popularity are the same in every run, because the embedded language model was taught them.
 */

/** Seed of the catalogue. Changing it makes every embedded language model ignorant: it must then be trained again. */
export const CATALOGUE_SEED = "llmrec-bench/catalogue/1";

/** Seed of the population whose tastes the language model's corpus may tell of. Run seeds are numbers: never equal. */
export const CORPUS_SEED = "llmrec-bench/corpus/1";

/** Seconds of a month, all months of the world being equally long (365.25 days / 12). */
export const MONTH_SECONDS = 2_629_800;
/** The world's first second: 2019-01-01T00:00:00Z. */
export const WORLD_START = 1_546_300_800;
/** Months from the first rating to the last. */
export const MONTHS = 60;
/** The language model's knowledge ends when this month begins. */
export const CUTOFF_MONTH = 45;
/** 2022-10-01, when the language model's knowledge ends; later films are the default cold items. Unix seconds. */
export const KNOWLEDGE_CUTOFF = WORLD_START + CUTOFF_MONTH * MONTH_SECONDS;

/** Variances of the terms of utility, each term having been scaled to unit variance. */
export const VARIANCE = {
  quality: 0.25,
  genre: 0.25,
  mood: 0.2,
  blend: 0.15,
  latent: 0.2,
  noise: 0.2,
} as const;

/** Number of latent factors z that no text tells of. */
export const LATENT_FACTORS = 4;

/** Standard deviation of the noise of one act of rating, beyond the lasting noise within utility. */
export const RATING_NOISE = 0.3;
/** A film gets 1 star and one more for each threshold that its utility plus rating noise exceeds. */
export const RATING_THRESHOLDS = [-0.65, 0.1, 0.9, 1.85] as const;
/** Ratings from here up mean that the user liked the film. */
export const LIKED = 4;

/** How strongly popularity and utility decide what a user sees. */
export const EXPOSURE = { popularity: 0.7, utility: 1.2 } as const;

/**
 * By how much, in units of its variance, an unknown part of utility is larger for a film that was seen. Were there films
 * without end it would be `EXPOSURE.utility`; measured at size `small` it is this, since good films run out.
 */
export const SEEN_SHIFT = 0.75;

/** The monthly random walk of log popularity: its spread at first, its step, and the lift of a new release. */
export const POPULARITY = { spread: 1.8, step: 0.15, releaseLift: 1.2, releaseMonths: 4 } as const;
/** log popularity as the language model has it: `agreement * log pi + sqrt(1 - agreement^2) * eta`. */
export const LM_POPULARITY_AGREEMENT = 0.5;

/** Next genre: weight of the previous film's genre, and the mean and spread of log focus (delta). */
export const SEQUENCE = { previous: 0.4, logFocusMean: 0.55, logFocusSpread: 0.5 } as const;

/** Shape of users' activity: share that everybody has, and the spread of the logarithm of the rest. */
export const ACTIVITY = { base: 0.25, logSpread: 0.6 } as const;

/** What a dialogue adds to the logits of its target and of the films that the seeker mentions. */
export const DIALOGUE = {
  /** Bonus of a film of the mood that the seeker asks for. */
  wantedMood: 1.8,
  /** Malus of a film of a mood or genre that the seeker rules out. */
  unwanted: 3,
  /** Bonus of tonight's genre, which is never told in words. */
  tonight: 2.8,
  /** How strongly utility decides which films come to the seeker's mind. */
  recall: 1.5,
} as const;
