/** What a seeker wants on one evening. Moods and genres are indices; null where nothing is said. */
export interface Need {
  /** Told in words. */
  readonly wantedMood: number | null;
  /** Told in words, as a negation. */
  readonly unwantedMood: number | null;
  /** Told in words, as a negation. */
  readonly unwantedGenre: number | null;
  /** Tonight's genre. Never told: only the films that come to the seeker's mind give a hint of it. */
  readonly tonight: number;
}

/** What a dialogue was made from. */
export interface DialogueFacts {
  readonly user: number;
  readonly time: number;
  readonly month: number;
  readonly need: Need;
  /** Films that the seeker names as liked, one to three. */
  readonly liked: readonly number[];
  /** A film that the seeker names as not liked: none or one. */
  readonly disliked: readonly number[];
  /** Films that the recommender names, one or two, each drawn from the target distribution without what was named before. */
  readonly targets: readonly number[];
}
