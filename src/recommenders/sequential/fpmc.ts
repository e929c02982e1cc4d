import { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import { csrFromPairs } from "../../data/csr.js";
import { bprLoss } from "../../engine/nn/losses.js";
import { float32, int32 } from "../../engine/run/tensor.js";
import type { ControlledListTraining } from "../../tasks/controlled-list.js";
import { pairSampler } from "../sampling/negatives.js";
import { Segments } from "./examples.js";
import type { Arrays, Parameters } from "./model.js";
import type { FpmcOptions } from "./options.js";
import type { NextItemModel } from "./train.js";
import { type Vocabulary, vocabularyOf, withAverage } from "./vocabulary.js";

/**
 * FPMC (Rendle et al., WWW 2010) with the last item as the basket: the score of item i after l for user u is
 * <u, i_user> + <l, i_last>; trained by Bayesian personalised ranking against one item drawn from those that the user never
 * liked in training.
 */
export function fpmcModel(
  train: ControlledListTraining,
  options: FpmcOptions,
  random: Random,
): NextItemModel {
  const vocabulary = vocabularyOf(train);
  const { itemRows, userRows, userCount } = vocabulary;
  const { embedding: width } = options;
  const likes = likesMatrix(train, vocabulary);
  const sampler = pairSampler(likes);
  // A user who liked every trained item has no negative.
  const usable = new Set(sampler.users);
  const all = new Segments(train, 1, 1, random);
  const examples = Int32Array.from({ length: all.length }, (_, n) => n).filter((n) =>
    usable.has(userRows[all.at(n, 1).user]),
  );
  const size = Math.min(options.batchSize, examples.length);
  return {
    vocabulary,
    examples: examples.length,
    batchSize: size,
    initial: fpmcParameters(vocabulary, width, random),
    batch(chosen, own) {
      const [user, last, positive, negative] = [1, 2, 3, 4].map(() => new Int32Array(size));
      const weight = new Float32Array(size);
      chosen.forEach((example, n) => {
        const { user: who, history, targets } = all.at(examples[example], 1);
        user[n] = userRows[who];
        last[n] = itemRows[history[0]];
        positive[n] = itemRows[targets[0]];
        negative[n] = sampler.negative(user[n], own);
        weight[n] = 1;
      });
      return {
        user: int32(user),
        last: int32(last),
        positive: int32(positive),
        negative: int32(negative),
        weight: float32(weight),
      };
    },
    loss: fpmcLoss,
    queries(queries, count) {
      const [user, last] = [new Int32Array(count), new Int32Array(count)];
      const known = new Float32Array(count);
      queries.forEach(({ user: who, history }, n) => {
        user[n] = userRows[who];
        const rows = history.map((item) => itemRows[item]).filter((row) => row >= 0);
        if (rows.length === 0) return;
        last[n] = rows[rows.length - 1];
        known[n] = 1;
      });
      return { user: int32(user), last: int32(last), known: float32(known, [count, 1]) };
    },
    logits: fpmcLogits,
    forScoring(parameters) {
      const users = withAverage(parameters.users.data as Float32Array, userCount, width);
      return { ...parameters, users: float32(users, [userCount + 1, width]) };
    },
  };
}

/** `users` u, `forUser` i_user, `last` l, `afterLast` i_last, each [rows, width], with Xavier's deviation. */
export function fpmcParameters(
  { items, userCount }: Pick<Vocabulary, "items" | "userCount">,
  width: number,
  random: Random,
): Parameters {
  const table = (name: string, rows: number) =>
    float32(random.fork(name).normals(rows * width, Math.sqrt(2 / (rows + width))), [rows, width]);
  return {
    users: table("users", userCount),
    forUser: table("forUser", items.length),
    last: table("last", items.length),
    afterLast: table("afterLast", items.length),
  };
}

/** Mean of -log sigmoid(score of what followed - score of the negative). */
export function fpmcLoss(p: Arrays, batch: Arrays): np.Array {
  const user = np.take(p.users, batch.user, 0);
  const last = np.take(p.last, batch.last, 0);
  const score = (item: np.Array) =>
    np.add(
      np.sum(np.multiply(user, np.take(p.forUser, item, 0)), -1),
      np.sum(np.multiply(last, np.take(p.afterLast, item, 0)), -1),
    );
  return bprLoss(score(batch.positive), score(batch.negative), batch.weight);
}

/** Scores of all trained items [B, items]. */
export function fpmcLogits(p: Arrays, batch: Arrays): np.Array {
  const user = np.take(p.users, batch.user, 0);
  const last = np.multiply(np.take(p.last, batch.last, 0), batch.known);
  return np.add(np.matmul(user, np.transpose(p.forUser)), np.matmul(last, np.transpose(p.afterLast)));
}

/** Training likes by rows of the tables [users, items]. */
function likesMatrix(
  { sequences }: ControlledListTraining,
  { items, itemRows, userRows, userCount }: Vocabulary,
) {
  const users = sequences.flatMap(({ user, items: own }) => Array.from(own, () => userRows[user]));
  const rows = sequences.flatMap(({ items: own }) => Array.from(own, (item) => itemRows[item]));
  return csrFromPairs(userCount, items.length, users, rows);
}
