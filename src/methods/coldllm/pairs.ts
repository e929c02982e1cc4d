import { DataError } from "../../core/errors.js";
import { hashArrays } from "../../core/hash.js";
import { type Csr, csrFromPairs, rowOfEachEntry } from "../../data/csr.js";

/** Pairs of a user and a cold item, parallel: `users[n]` with `items[n]`. No pair comes twice. */
export interface Pairs {
  readonly users: Int32Array;
  readonly items: Int32Array;
}

/** The users that the filter proposes for each cold item. */
export interface Candidates extends Pairs {
  /** The filter's score of each pair, higher is nearer; null where a file told none. */
  readonly scores: Float32Array | null;
}

/** What a judge said of each candidate. */
export interface Judgements extends Pairs {
  /** 1 where the user would take the item. */
  readonly accepted: Uint8Array;
  /** log P(Yes) - log P(No) of each pair; null where only the answers are known. */
  readonly logOdds: Float32Array | null;
}

/** The pairs at which `keep` is true, in order. */
export function selectPairs({ users, items }: Pairs, keep: (position: number) => boolean): Pairs {
  const kept = Int32Array.from(users.keys()).filter(keep);
  return { users: kept.map((at) => users[at]), items: kept.map((at) => items[at]) };
}

/**
 * The simulated interactions: the pairs answered Yes, or so many of each item's pairs by log-odds (of equals the earlier ones, which the
 * filter ranks higher).
 * @param accept - `yes`, or how many: for every item alike, or for each [items].
 * @throws DataError NO_LOG_ODDS where a number is asked for and only answers are known.
 */
export function acceptedPairs(judgements: Judgements, accept: "yes" | number | Int32Array = "yes"): Pairs {
  const { items, accepted } = judgements;
  if (accept === "yes") return selectPairs(judgements, (at) => accepted[at] === 1);
  const { place } = placesByLogOdds(judgements);
  return selectPairs(
    judgements,
    (at) => place[at] < (typeof accept === "number" ? accept : accept[items[at]]),
  );
}

/**
 * So many pairs in all, equally many of each item's or one more, by log-odds: first every item's best, then every item's second, and
 * of the last round those of highest log-odds. Where an item has fewer candidates, the others get more.
 * @throws DataError NO_LOG_ODDS where only answers are known.
 */
export function uniformPairs(judgements: Judgements, total: number): Pairs {
  const { order, place } = placesByLogOdds(judgements);
  // Sorting is stable: within a round they stay in the order of log-odds.
  const kept = new Set(order.sort((a, b) => place[a] - place[b]).slice(0, total));
  return selectPairs(judgements, (at) => kept.has(at));
}

/** All pairs, the highest log-odds first, of equals the earlier; and each pair's place among those of its item, from 0. */
function placesByLogOdds({ items, logOdds }: Judgements): { order: number[]; place: Int32Array } {
  if (logOdds === null) {
    throw new DataError("NO_LOG_ODDS", "the answers have no log-odds to choose the best by", {
      hint: "Set refine.accept=yes, or give answers with a column log_odds.",
    });
  }
  const order = Array.from(items.keys()).sort((a, b) => logOdds[b] - logOdds[a] || a - b);
  const place = new Int32Array(items.length);
  const taken = new Map<number, number>();
  for (const at of order) {
    place[at] = taken.get(items[at]) ?? 0;
    taken.set(items[at], place[at] + 1);
  }
  return { order, place };
}

/** The first pairs of each item, in order, as many as `counts` says [items]: a filter names its best candidates first. */
export function firstPairs(pairs: Pairs, counts: Int32Array): Pairs {
  const left = counts.slice();
  return selectPairs(pairs, (at) => left[pairs.items[at]]-- > 0);
}

/** Real and simulated pairs [users, items] together. */
export function withSimulated(real: Csr, { users, items }: Pairs): Csr {
  return csrFromPairs(
    real.rows,
    real.columns,
    [...rowOfEachEntry(real), ...users],
    [...real.indices, ...items],
  );
}

/** How many pairs each item has [items]. */
export function countByItem({ items }: Pairs, itemCount: number): Int32Array {
  const counts = new Int32Array(itemCount);
  for (const item of items) counts[item]++;
  return counts;
}

/** Names the pairs in the inputs of stages that build on them. */
export function hashPairs({ users, items }: Pairs): string {
  return hashArrays([users, items]);
}
