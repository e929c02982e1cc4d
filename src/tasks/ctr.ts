import type { Impressions, ItemTable, UserTable } from "../data/dataset.js";

/** What a recommender may learn from on the task `ctr`: no test label can be reached from here. */
export interface CtrTraining {
  readonly users: UserTable;
  readonly items: ItemTable;
  readonly rows: CtrRows;
  /** For early stopping and tuning; may be empty. */
  readonly validation: CtrRows;
  /** The columns of all impressions, at the places of rows and cases, where the data are a log of impressions. They hold no label. */
  readonly impressions?: Impressions;
  /**
   * What a user had liked and disliked in the training part before a moment. For training and validation rows alike:
   * `historyBefore(rows.users[n], rows.times[n])`.
   */
  readonly historyBefore: (user: number, time: number) => CtrHistory;
  /** The longest list of a history (`task.history`). */
  readonly historyLength: number;
  /** Hash of the data, the split and the task's options: belongs in the inputs of every stage. */
  readonly hash: string;
}

/** Labelled pairs as parallel arrays, in the order of the data. */
export interface CtrRows {
  readonly users: Int32Array;
  readonly items: Int32Array;
  /** 1 liked (or clicked), 0 not. */
  readonly labels: Float32Array;
  /**
   * Unix seconds. Where the data have none: the row's place in a fixed random order, validation after training; only
   * good for {@link CtrTraining.historyBefore}.
   */
  readonly times: Float64Array;
  /** Each row's place in {@link CtrTraining.impressions}, where there are such. */
  readonly places?: Int32Array;
}

/** Items that a user rated strictly before a moment, each list newest first and at most `historyLength` long. */
export interface CtrHistory {
  readonly liked: Int32Array;
  readonly disliked: Int32Array;
}

/**
 * One test pair: how likely does the user like the item? The history is made of training and validation pairs strictly
 * earlier than this one; the label of a test pair is in no history.
 */
export interface CtrCase extends CtrHistory {
  readonly user: number;
  readonly item: number;
  /** Unix seconds; Infinity (after everything else) where the data have no times. */
  readonly time: number;
  /** Its place in {@link CtrTraining.impressions}, where there are such. */
  readonly place?: number;
}

/** The probability of a like for each case, within 0..1. */
export type CtrAnswers = Float32Array | Float64Array;
