import type { ItemTable, UserTable } from "../data/dataset.js";
import type { ItemSets } from "../metrics/lists/diversity.js";
import type { Sequence, Windows } from "./windows.js";

/** How many different genres a list is to have, or exactly which. */
export type GenreWish = number | ReadonlySet<number>;

/** How many genres a wish is for. */
export function wishSize(wish: GenreWish): number {
  return typeof wish === "number" ? wish : wish.size;
}

/** What a recommender may learn from on the task `controlled-list`: no test target can be reached from here. */
export interface ControlledListTraining {
  readonly users: UserTable;
  readonly items: ItemTable;
  /** The first listed genre of each item: what lists are controlled by, but for `allGenres`. -1 where an item has none. */
  readonly mainGenres: Int32Array;
  /** Every genre of each item, where lists are controlled by all of them (`task.genresOf=all`). */
  readonly allGenres?: ItemSets;
  /** Likes of the training part. One sequence a user, or with `task.trainWindows` one a window. */
  readonly sequences: readonly Sequence[];
  /** The windows of those sequences. */
  readonly windows: Windows;
  /** For early stopping and tuning; may be empty. */
  readonly validation: Windows;
  /** The longest history of a case. */
  readonly historyLength: number;
  /** How many items are to be foretold. */
  readonly futureLength: number;
  /** Hash of the data, the split and the task's options: belongs in the inputs of every stage. */
  readonly hash: string;
}

/** A user who liked these items, one after the other: what should come next, of how many genres? */
export interface ControlledListCase {
  readonly user: number;
  /** Oldest first, at least one. */
  readonly history: Int32Array;
  /**
   * Items that the user is known to have liked before, ascending, those of the history among them: a platform would
   * not list them again, and a list that names one wastes a place.
   */
  readonly seen: Int32Array;
  /** When the last item of the history was liked, Unix seconds; NaN where the data have no times. */
  readonly time: number;
  /** How many different genres the list should have, or exactly which; null: as the recommender sees fit. */
  readonly genres: GenreWish | null;
  /** How many items are asked for. */
  readonly length: number;
}

/**
 * What a recommender had in mind before it chose items: shows where its control goes wrong. Of a language model it holds what could be read in the
 * answers, and nothing that stood in for the rest.
 */
export interface ListPlan {
  /** The genres that the list is to have; none where the answer could not be read. */
  readonly genres: readonly number[];
  /** How many genres the places were to be filled from: those, or the ones that stood in for an answer without any. */
  readonly told: number;
  /** The genre of each place, -1 where it could not be read; null where none was planned. */
  readonly slots: readonly number[] | null;
}

/** The share of each answer behind a list that could not be read: 0 for all of it understood, 1 for nothing. */
export interface ListReading {
  /** Names that are no genre / names; 1 where no genre is among them. */
  readonly gp?: number;
  /** Places without a genre / places. */
  readonly gf?: number;
  /** Places without a title / places. */
  readonly list?: number;
}

/**
 * One list a case: item numbers, best first, at most `length` of them counted. -1 stands for an answer that named no
 * item; it holds its place.
 */
export interface ControlledListAnswers extends ReadonlyArray<Int32Array> {
  /** The plan behind each list, where the recommender makes one. */
  readonly plans?: readonly ListPlan[];
  /** How well the answers behind each list could be read, where a language model gave some. */
  readonly readings?: readonly ListReading[];
}

/** Lists with what is known of how they came about. */
export function withPlans(
  lists: readonly Int32Array[],
  known: Pick<ControlledListAnswers, "plans" | "readings">,
): ControlledListAnswers {
  return Object.assign(lists.slice(), known);
}

/** What a list's genres are counted by: the first one of each item, or all of them. */
export function controlGenres({
  mainGenres,
  allGenres,
}: Pick<ControlledListTraining, "mainGenres" | "allGenres">): ItemSets {
  if (allGenres !== undefined) return allGenres;
  const offsets = new Int32Array(mainGenres.length + 1);
  mainGenres.forEach((genre, item) => (offsets[item + 1] = offsets[item] + (genre < 0 ? 0 : 1)));
  return { offsets, indices: mainGenres.filter((genre) => genre >= 0) };
}

/** The genres of an item that its lists are counted by; none for an answer that named no item. */
export function genresAt({ offsets, indices }: ItemSets, item: number): Int32Array {
  return item < 0 ? new Int32Array(0) : indices.subarray(offsets[item], offsets[item + 1]);
}
