import { hashArrays, hashOf } from "../../core/hash.js";
import type { Random } from "../../core/random.js";
import type { CtrRows, CtrTraining } from "../../tasks/ctr.js";

/** The training rows whose labels may reward a policy, and those that it may write explanations for. */
export interface Fold {
  readonly rewarded: Int32Array;
  readonly explained: Int32Array;
}

/**
 * Rows of the training part by fold: two random halves that change places, or all rows in both roles. Rows of one user and item are in
 * one half: what the first says of the second would be no news of another pair.
 */
export function foldsOf(
  { users, items }: Pick<CtrRows, "users" | "items">,
  crossFit: boolean,
  random: Random,
): Fold[] {
  const all = Int32Array.from(users.keys());
  if (!crossFit) return [{ rewarded: all, explained: all }];
  const pairs = new Map<string, number>();
  const pairOf = all.map((row) => {
    const name = pairName(users[row], items[row]);
    const pair = pairs.get(name) ?? pairs.size;
    pairs.set(name, pair);
    return pair;
  });
  const order = random.permutation(pairs.size);
  const chosen = new Set(order.slice(0, Math.ceil(pairs.size / 2)));
  const [first, second] = [
    all.filter((row) => chosen.has(pairOf[row])),
    all.filter((row) => !chosen.has(pairOf[row])),
  ];
  return [
    { rewarded: first, explained: second },
    { rewarded: second, explained: first },
  ];
}

/**
 * Which fold's policy explains a pair: for a training pair the one that its label did not reward, for any other one alone, whichever its user
 * and item decide.
 */
export function explainerOf(
  folds: readonly Fold[],
  { users, items }: Pick<CtrRows, "users" | "items">,
): (user: number, item: number) => number {
  const own = new Map<string, number>();
  folds.forEach(({ explained }, fold) => {
    for (const row of explained) own.set(pairName(users[row], items[row]), fold);
  });
  return (user, item) => own.get(pairName(user, item)) ?? (user + item) % folds.length;
}

function pairName(user: number, item: number): string {
  return `${user}/${item}`;
}

/** Some rows, in the order of the positions. */
export function rowsAt({ users, items, labels, times, places }: CtrRows, positions: Int32Array): CtrRows {
  return {
    users: positions.map((p) => users[p]),
    items: positions.map((p) => items[p]),
    labels: Float32Array.from(positions, (p) => labels[p]),
    times: Float64Array.from(positions, (p) => times[p]),
    ...(places && { places: positions.map((p) => places[p]) }),
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
