import type { Random } from "../../core/random.js";
import { type Csr, hasEntry, rowIndices } from "../../data/csr.js";

/** Training pairs and the negative items that go with them. */
export interface PairSampler {
  /** The pairs to learn from, parallel. A user who has every trained item has no negative, so its pairs are left out. */
  readonly users: Int32Array;
  readonly items: Int32Array;
  /** Items with a training pair, ascending. */
  readonly trained: Int32Array;
  /**
   * An item drawn uniformly from those with a training pair that are no training positive of the user: an item that was
   * never seen in training is never pushed down. Only for users of `users`.
   */
  negative(user: number, random: Random): number;
}

/**
 * Samples from a matrix [users, items] whose entries are all the positives that training knows, simulated ones included.
 * @param examples - the positives to learn from, where that's not all of them.
 */
export function pairSampler(matrix: Csr, examples: Csr = matrix): PairSampler {
  const trained = itemsOf(matrix);
  const users: number[] = [];
  const items: number[] = [];
  for (let user = 0; user < matrix.rows; user++) {
    if (matrix.offsets[user + 1] - matrix.offsets[user] === trained.length) continue;
    for (const item of rowIndices(examples, user)) {
      users.push(user);
      items.push(item);
    }
  }
  return {
    users: Int32Array.from(users),
    items: Int32Array.from(items),
    trained,
    negative(user, random) {
      for (;;) {
        const item = trained[random.int(trained.length)];
        if (!hasEntry(matrix, user, item)) return item;
      }
    },
  };
}

/** The columns that have an entry, ascending. */
export function itemsOf(matrix: Csr): Int32Array {
  const has = new Uint8Array(matrix.columns);
  for (const item of matrix.indices) has[item] = 1;
  return Int32Array.from(has.keys()).filter((item) => has[item] === 1);
}
