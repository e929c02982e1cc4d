import { requireLabelled } from "./labels.js";

/** The AUC of fixed cases under any case weights. */
export type WeightedAuc = (weights?: ArrayLike<number>) => number;

/**
 * Area under the ROC curve: the probability that a random positive case scores above a random negative one, a tie
 * counting half. So a constant has 0.5. NaN where one class is missing.
 * @param labels - 0 or 1.
 * @param scores - any finite numbers, larger for a likelier positive.
 * @throws DataError as of {@link requireLabelled}.
 */
export function auc(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  return prepareAuc(labels, scores)();
}

/**
 * Sorts once and returns a function that computes the AUC in linear time for given case weights, as a bootstrap needs
 * it thousands of times (weight = how often the case was drawn). Without weights all count 1.
 */
export function prepareAuc(labels: ArrayLike<number>, scores: ArrayLike<number>): WeightedAuc {
  requireLabelled(labels, scores, false);
  const order = Int32Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[a] - scores[b]);
  return (weights) => aucOfOrder(order, 0, order.length, labels, scores, weights);
}

/** One user's AUC over its own cases, for {@link gauc} and for a bootstrap over users. */
export interface UserAuc {
  readonly user: number;
  /** NaN where the user's cases are all of one class. */
  readonly auc: number;
  readonly cases: number;
}

/** AUC within each user, by ascending user number. */
export function userAucs(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  users: ArrayLike<number>,
): UserAuc[] {
  requireLabelled(labels, scores, false);
  const order = Int32Array.from({ length: scores.length }, (_, i) => i).sort(
    (a, b) => users[a] - users[b] || scores[a] - scores[b],
  );
  const out: UserAuc[] = [];
  for (let from = 0; from < order.length;) {
    const user = users[order[from]];
    let to = from + 1;
    while (to < order.length && users[order[to]] === user) to++;
    out.push({ user, auc: aucOfOrder(order, from, to, labels, scores), cases: to - from });
    from = to;
  }
  return out;
}

/**
 * The mean of the users' AUC, each weighted by its number of cases (impressions), as in the Deep Interest Network
 * (Zhou et al., KDD 2018). Users with one class only have no AUC: they are left out and counted.
 * @returns `gauc` is NaN where no user has both classes.
 */
export function gauc(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  users: ArrayLike<number>,
): { gauc: number; users: number; skipped: number } {
  let sum = 0;
  let weight = 0;
  let counted = 0;
  let skipped = 0;
  for (const { auc: value, cases } of userAucs(labels, scores, users)) {
    if (Number.isNaN(value)) {
      skipped++;
      continue;
    }
    sum += cases * value;
    weight += cases;
    counted++;
  }
  return { gauc: weight === 0 ? NaN : sum / weight, users: counted, skipped };
}

function aucOfOrder(
  order: Int32Array,
  from: number,
  to: number,
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number {
  let negativesBelow = 0;
  let positives = 0;
  let won = 0;
  for (let at = from; at < to;) {
    const score = scores[order[at]];
    let positivesHere = 0;
    let negativesHere = 0;
    for (; at < to && scores[order[at]] === score; at++) {
      const weight = weights === undefined ? 1 : weights[order[at]];
      if (labels[order[at]] === 1) positivesHere += weight;
      else negativesHere += weight;
    }
    won += positivesHere * (negativesBelow + negativesHere / 2);
    negativesBelow += negativesHere;
    positives += positivesHere;
  }
  // 0 / 0 = NaN where a class is missing.
  return won / (positives * negativesBelow);
}
