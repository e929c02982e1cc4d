import { containsSorted } from "./sorted.js";
import { RankingExpectation } from "./expectation.js";
import { requireAscending, TopK, type CandidateSet } from "./top-k.js";

/** What to rank for one case, and what would be right. */
export interface RankQuery extends CandidateSet {
  /** The relevant items, ascending without repeats. Those that are no candidates can't be found but count in R. */
  readonly relevant: Int32Array;
  /** What to call the case in an error, such as its number or its user's key. */
  readonly caseName?: number | string;
}

/** One case's result, as a copy. */
export interface RankedCase {
  /** By name: `recall@20`, `ndcg@10`, ...: expectations over the orders of tied items; NaN where nothing is relevant. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The best items, ties by lower item number: for display and for metrics of lists. At most the largest k. */
  readonly top: Int32Array;
  /** How many items were ranked. */
  readonly candidates: number;
  /** How many relevant items were no candidates. */
  readonly unreachable: number;
}

/**
 * Ranks case after case and computes all ranking metrics at all cut-offs from one pass over the scores. The same row
 * may be ranked again with other candidates. Nothing is allocated for a case: read `values` and `top` before the next.
 *
 * ```ts
 * const ranker = new CaseRanker([5, 10, 20]);
 * ranker.rank(row, { candidates: coldItems, excluded: seen, relevant });
 * table.set(ranker.values, line * ranker.names.length);
 * ```
 */
export class CaseRanker {
  /** Names of the metrics, parallel to `values`: `recall@5`, `recall@10`, ..., `ndcg@20`. */
  readonly names: readonly string[];
  /** The last case's metrics; all NaN where it has no relevant item. */
  readonly values: Float64Array;
  /** How many relevant items of the last case were no candidates. */
  unreachable = 0;

  private readonly expectation: RankingExpectation;
  private readonly best: TopK;

  /** @param ks - cut-offs, ascending whole numbers from 1; UsageError otherwise. */
  constructor(ks: readonly number[]) {
    this.expectation = new RankingExpectation(ks);
    this.best = new TopK(this.expectation.depth);
    this.names = this.expectation.names;
    this.values = this.expectation.values;
  }

  /** The last case's best items, best first, ties by lower item number; the first `topCount` entries are valid. */
  get top(): Int32Array {
    return this.best.items;
  }

  /** The largest k, or the number of candidates where that is less. */
  get topCount(): number {
    return this.best.size;
  }

  /** How many items the last case ranked. */
  get candidateCount(): number {
    return this.best.candidateCount;
  }

  /**
   * @param row - the case's scores by item number; one row of a score block: `block.subarray(r * items, (r + 1) * items)`.
   * @returns `values`.
   * @throws DataError NOT_FINITE naming case and item where a candidate's score is NaN or infinite; BAD_CANDIDATES.
   */
  rank(row: Float32Array, query: RankQuery): Float64Array {
    const { relevant } = query;
    const { best, expectation } = this;
    const name = query.caseName === undefined ? "this case" : `case ${query.caseName}`;
    requireAscending(relevant, row.length, `the relevant items of ${name}`);
    best.select(row, query, name);
    expectation.start(relevant.length);

    const { size, scores, items } = best;
    const boundary = size > 0 ? scores[size - 1] : NaN;
    let place = 0;
    while (place < size && scores[place] !== boundary) {
      const score = scores[place];
      let tied = 0;
      let relevantTied = 0;
      for (; place < size && scores[place] === score; place++) {
        tied++;
        if (containsSorted(relevant, items[place])) relevantTied++;
      }
      expectation.addGroup(tied, relevantTied);
    }

    this.unreachable = 0;
    let relevantAtBoundary = 0;
    for (let i = 0; i < relevant.length; i++) {
      const item = relevant[i];
      if (!isCandidate(item, query)) this.unreachable++;
      else if (row[item] === boundary) relevantAtBoundary++;
    }
    if (size > 0) expectation.addGroup(best.tiedAtBoundary, relevantAtBoundary);
    return expectation.finish();
  }
}

/** Ranks one case: {@link CaseRanker} for a single use. */
export function rankCase(row: Float32Array, query: RankQuery, ks: readonly number[]): RankedCase {
  const ranker = new CaseRanker(ks);
  ranker.rank(row, query);
  return {
    metrics: namedValues(ranker.names, ranker.values),
    top: ranker.top.slice(0, ranker.topCount),
    candidates: ranker.candidateCount,
    unreachable: ranker.unreachable,
  };
}

/** `names` and `values` as one record. */
export function namedValues(names: readonly string[], values: ArrayLike<number>): Record<string, number> {
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}

function isCandidate(item: number, { candidates, excluded }: CandidateSet): boolean {
  if (excluded !== undefined && containsSorted(excluded, item)) return false;
  return candidates === undefined || containsSorted(candidates, item);
}
