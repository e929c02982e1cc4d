/** A conversation between a seeker and a recommender. */
export interface Dialogue {
  readonly id: string;
  /** The seeker's number in the user table, or -1 where the data do not say. */
  readonly user: number;
  readonly turns: readonly Turn[];
  /** Unix seconds, or NaN. */
  readonly time: number;
}

export interface Turn {
  readonly role: "seeker" | "recommender";
  readonly text: string;
  readonly mentions: readonly Mention[];
}

/** An item named in a turn. */
export interface Mention {
  /** Number in the item table, or -1 where the title is not in the catalogue. */
  readonly item: number;
  /** The words that name it, at `text.slice(start, end)`; both 0 where the data name an item that the text does not spell. */
  readonly start: number;
  readonly end: number;
  /** True where the data do not count it as recommended, whoever named it: it is known from here on, but nobody is asked for it. */
  readonly passing?: true;
}

/** An item attribute: 0 for items that are named in dialogues but may not be recommended, 1 for the others. Without it all may. */
export const RECOMMENDABLE = "recommendable";
