/** What a language model once answered in the dialogues of a data set, published with it or beside it. */
export interface RecordedAnswers {
  /** The model's name: `gpt-4`. */
  readonly model: string;
  /** By `DIALOGUE#TURN`: the recommendations asked for at that turn. */
  readonly byTurn: ReadonlyMap<string, RecordedAnswer>;
}

/** Parallel lists, best first, and what the answer cost. */
export interface RecordedAnswer {
  /** The words as answered. */
  readonly texts: readonly string[];
  /** The title that each was taken for by those who published it; "" where none was near. */
  readonly titles: readonly string[];
  readonly promptTokens: number;
  readonly completionTokens: number;
}
