import { hashArrays, hashOf } from "../../core/hash.js";
import type { Random } from "../../core/random.js";
import type { CtrRows, CtrTraining } from "../../tasks/ctr.js";

/** The training rows whose labels may reward a policy, and those that it may write explanations for. */
export interface Fold {
  readonly rewarded: Int32Array;
  readonly explained: Int32Array;
}

/** Rows of the training part by fold: two random halves that change places, or all rows in both roles. */
export function foldsOf(count: number, crossFit: boolean, random: Random): Fold[] {
  const all = Int32Array.from({ length: count }, (_, n) => n);
  if (!crossFit) return [{ rewarded: all, explained: all }];
  const order = random.permutation(count);
  const half = Math.ceil(count / 2);
  const [first, second] = [order.slice(0, half).sort(), order.slice(half).sort()];
  return [
    { rewarded: first, explained: second },
    { rewarded: second, explained: first },
  ];
}

/** Some rows, in the order of the positions. */
export function rowsAt({ users, items, labels, times }: CtrRows, positions: Int32Array): CtrRows {
  return {
    users: positions.map((p) => users[p]),
    items: positions.map((p) => items[p]),
    labels: Float32Array.from(positions, (p) => labels[p]),
    times: Float64Array.from(positions, (p) => times[p]),
  };
}

/** Training data with some of the rows; histories still come from all of them, as prompts of test pairs do. */
export function withRows(train: CtrTraining, positions: Int32Array): CtrTraining {
  return {
    ...train,
    rows: rowsAt(train.rows, positions),
    hash: hashOf([train.hash, hashArrays([positions])]),
  };
}

/** Training data with the newest of the validation rows. */
export function withFewerValidation(train: CtrTraining, most: number): CtrTraining {
  const { validation } = train;
  if (validation.users.length <= most) return train;
  const positions = newest(validation, most);
  return {
    ...train,
    validation: rowsAt(validation, positions),
    hash: hashOf([train.hash, "validation", hashArrays([positions])]),
  };
}

/** Positions of the newest rows, ascending; of rows of one moment the later in the data. */
export function newest({ times }: Pick<CtrRows, "times">, most: number): Int32Array {
  const order = Int32Array.from(times.keys()).sort((a, b) => times[b] - times[a] || b - a);
  return order.slice(0, most).sort();
}
