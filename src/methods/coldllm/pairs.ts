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

/** The pairs that were answered Yes: the simulated interactions. */
export function acceptedPairs(judgements: Judgements): Pairs {
  return selectPairs(judgements, (at) => judgements.accepted[at] === 1);
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
