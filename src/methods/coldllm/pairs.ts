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
 * @throws DataError NO_LOG_ODDS where a number is asked for and only answers are known.
 */
export function acceptedPairs(judgements: Judgements, accept: "yes" | number = "yes"): Pairs {
  const { items, accepted, logOdds } = judgements;
  if (accept === "yes") return selectPairs(judgements, (at) => accepted[at] === 1);
  if (logOdds === null) {
    throw new DataError("NO_LOG_ODDS", "the answers have no log-odds to choose the best by", {
      hint: "Set refine.accept=yes, or give answers with a column log_odds.",
    });
  }
  const order = Array.from(items.keys()).sort((a, b) => logOdds[b] - logOdds[a] || a - b);
  const taken = new Map<number, number>();
  const kept = new Set(
    order.filter((at) => {
      const before = taken.get(items[at]) ?? 0;
      taken.set(items[at], before + 1);
      return before < accept;
    }),
  );
  return selectPairs(judgements, (at) => kept.has(at));
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
