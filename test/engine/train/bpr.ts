import { numpy as np } from "@jax-js/jax";
import type { Random } from "../../../src/core/random.js";
import { bprLoss } from "../../../src/engine/nn/losses.js";
import { float32, int32 } from "../../../src/engine/run/tensor.js";
import { adam, type Optimizer } from "../../../src/engine/train/optimizer.js";
import { fit, type FitOptions, type FitReport } from "../../../src/engine/train/fit.js";
import { createTrainer } from "../../../src/engine/train/trainer.js";

/** A recommender's worth of the engine: matrix factorisation by Bayesian personalised ranking. */

export interface Pairs {
  users: number;
  items: number;
  user: Int32Array;
  item: Int32Array;
}

interface Batch {
  user: np.Array;
  positive: np.Array;
  negative: np.Array;
}

export interface BprOptions {
  width?: number;
  optimizer?: Optimizer;
  threads?: number;
  lazy?: boolean;
  clipNorm?: number;
}

/** Users and items in two tastes: a user likes the items of the same parity. */
export function twoTastes(users: number, items: number, perUser: number, random: Random): Pairs {
  const user: number[] = [];
  const item: number[] = [];
  for (let u = 0; u < users; u++) {
    for (const rank of random.sample(items / 2, perUser)) {
      user.push(u);
      item.push(2 * rank + (u % 2));
    }
  }
  return { users, items, user: Int32Array.from(user), item: Int32Array.from(item) };
}

export function bprTrainer({ users, items }: Pairs, random: Random, options: BprOptions = {}) {
  const { width = 8, threads = 2, optimizer = adam({ learningRate: 0.05 }) } = options;
  const init = random.fork("init");
  return createTrainer({
    name: "bpr",
    parameters: {
      user: float32(init.normals(users * width, 0.1), [users, width]),
      item: float32(init.normals(items * width, 0.1), [items, width]),
    },
    optimizer,
    threads,
    clipNorm: options.clipNorm,
    lazyTables: options.lazy ? ["user", "item"] : [],
    loss: (p, batch: Batch) => {
      const user = np.take(p.user, batch.user, 0);
      const score = (item: np.Array) => np.sum(np.multiply(user, np.take(p.item, item, 0)), -1);
      return bprLoss(score(batch.positive), score(batch.negative));
    },
  });
}

export type BprTrainer = ReturnType<typeof bprTrainer>;

export function bprBatch({ user, item, items }: Pairs, examples: Int32Array, random: Random) {
  return {
    user: int32(examples.map((e) => user[e])),
    positive: int32(examples.map((e) => item[e])),
    negative: int32(examples.map(() => random.int(items))),
  };
}

export function fitBpr(
  trainer: BprTrainer,
  pairs: Pairs,
  random: Random,
  options: Partial<FitOptions<Batch>> = {},
): Promise<FitReport> {
  return fit(trainer, {
    epochs: 4,
    examples: pairs.user.length,
    batchSize: 64,
    random,
    batch: (examples, own) => bprBatch(pairs, examples, own),
    ...options,
  });
}

/** How often a user's score of an item of the own taste beats that of the other taste. */
export function accuracy({ parameters: { user, item } }: BprTrainer): number {
  const [users, width] = user.shape;
  const [items] = item.shape;
  const score = (u: number, i: number) => {
    let sum = 0;
    for (let d = 0; d < width; d++) sum += user.data[u * width + d] * item.data[i * width + d];
    return sum;
  };
  let right = 0;
  for (let u = 0; u < users; u++) {
    for (let i = 0; i < items; i += 2) right += Number(score(u, i + (u % 2)) > score(u, i + 1 - (u % 2)));
  }
  return right / (users * (items / 2));
}
