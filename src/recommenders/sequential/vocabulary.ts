import type { ControlledListTraining } from "../../tasks/controlled-list.js";

/**
 * The users and items that training has, as rows of tables. An item that nobody liked in training has no row: it is in no
 * history, is no negative and is never pushed down by a softmax.
 */
export interface Vocabulary {
  /** The trained items, ascending: row n of a table is item `items[n]`. */
  readonly items: Int32Array;
  /** Row of each item, -1 for those without training. */
  readonly itemRows: Int32Array;
  /** Row of each user; {@link userCount} for those without training. */
  readonly userRows: Int32Array;
  /** How many users have a row. */
  readonly userCount: number;
}

export function vocabularyOf({ users, items, sequences }: ControlledListTraining): Vocabulary {
  const hasItem = new Uint8Array(items.keys.length);
  const hasUser = new Uint8Array(users.keys.length);
  for (const { user, items: own } of sequences) {
    hasUser[user] = 1;
    for (const item of own) hasItem[item] = 1;
  }
  const trained = Int32Array.from(hasItem.keys()).filter((item) => hasItem[item] === 1);
  const itemRows = new Int32Array(items.keys.length).fill(-1);
  trained.forEach((item, row) => (itemRows[item] = row));
  const trainedUsers = Int32Array.from(hasUser.keys()).filter((user) => hasUser[user] === 1);
  const userRows = new Int32Array(users.keys.length).fill(trainedUsers.length);
  trainedUsers.forEach((user, row) => (userRows[user] = row));
  return { items: trained, itemRows, userRows, userCount: trainedUsers.length };
}

/**
 * A table of the users with one more row, the mean of all others: the vector of a user without training, who is taken for
 * the average one.
 * @param table - [users, width].
 * @returns [users + 1, width].
 */
export function withAverage(table: Float32Array, users: number, width: number): Float32Array {
  const out = new Float32Array((users + 1) * width);
  out.set(table);
  for (let at = 0; at < table.length; at++) out[users * width + (at % width)] += table[at] / users;
  return out;
}
