import type { ItemTable, UserTable } from "../data/dataset.js";
import type { RecordedAnswers } from "../data/recorded-answers.js";
import type { Dialogue, Turn } from "../data/dialogue.js";

/** What a recommender may learn from on the task `conversation`: no test dialogue can be reached from here. */
export interface ConversationTraining {
  readonly users: UserTable;
  readonly items: ItemTable;
  /** Items that may be recommended, ascending. */
  readonly candidates: Int32Array;
  /** Training dialogues, in the order of the data. */
  readonly dialogues: readonly Dialogue[];
  /** Their recommendations, each with the context that led to it, in order. */
  readonly samples: readonly ConversationSample[];
  /** The same of the validation dialogues, for early stopping and tuning; may be empty. */
  readonly validation: readonly ConversationSample[];
  /** What language models once answered in these dialogues; empty where nothing is recorded. */
  readonly recordings: readonly RecordedAnswers[];
  /** Hash of the data, the split and the task's options: belongs in the inputs of every stage. */
  readonly hash: string;
}

/** A dialogue up to a turn of the recommender: what should be recommended now? */
export interface ConversationCase {
  /** Number of the dialogue in the data set, and of the turn in it: the turn itself is not shown. */
  readonly dialogue: number;
  readonly turn: number;
  /** `DIALOGUE#TURN` by external id. */
  readonly name: string;
  /** The seeker's number, or -1. */
  readonly user: number;
  /** Unix seconds, or NaN. */
  readonly time: number;
  /** The turns before, first to last; may be empty. */
  readonly context: readonly Turn[];
  /** Items named in the context, each once, in the order of their first mention. */
  readonly mentioned: readonly number[];
}

/** A case with one item that was recommended there. A turn with several items gives as many samples. */
export interface ConversationSample extends ConversationCase {
  readonly target: number;
}

/** Scores [cases, items], row-major, finite for every candidate; or, from those who answer in words, a list a case. */
export type ConversationAnswers = Float32Array | readonly AnsweredList[];

/** A list of recommendations in words; parallel arrays, best first. */
export interface AnsweredList {
  /** The words as answered. */
  readonly texts: readonly string[];
  /** The title that each was taken for, of whatever it was compared with; "" where none is near enough. */
  readonly titles: readonly string[];
  /** The item of that title, or -1 where it is none of the catalogue. */
  readonly items: Int32Array;
}
