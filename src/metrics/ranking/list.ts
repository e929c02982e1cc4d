import { RankingExpectation } from "./expectation.js";
import { containsSorted } from "./sorted.js";
import { namedValues } from "./rank.js";
import { requireAscending } from "./top-k.js";

/** One answered list's result. */
export interface EvaluatedList {
  /** The same names and definitions as those of a ranked case; NaN where nothing is relevant. */
  readonly values: Float64Array;
  /** Entries within the largest k that repeat an earlier entry. */
  readonly duplicates: number;
}

/**
 * Evaluates ordered lists, from recommenders that answer with items instead of scores. An item counts where it first
 * stands; a later repeat keeps its position, is no hit, and is counted. An entry of -1 stands for an answer that named
 * no item: it holds its position and is no hit. A list shorter than k is not filled up.
 */
export class ListEvaluator {
  readonly names: readonly string[];
  private readonly expectation: RankingExpectation;
  private readonly seen = new Set<number>();

  /** @param ks - cut-offs, ascending whole numbers from 1; UsageError otherwise. */
  constructor(ks: readonly number[]) {
    this.expectation = new RankingExpectation(ks);
    this.names = this.expectation.names;
  }

  /**
   * @param list - items, best first.
   * @param relevant - ascending without repeats; DataError BAD_CANDIDATES otherwise.
   * @returns `values` are overwritten by the next call.
   */
  evaluate(list: ArrayLike<number>, relevant: Int32Array): EvaluatedList {
    requireAscending(relevant, Number.POSITIVE_INFINITY, "the relevant items");
    const { expectation, seen } = this;
    expectation.start(relevant.length);
    seen.clear();
    let duplicates = 0;
    const length = Math.min(list.length, expectation.depth);
    for (let place = 0; place < length; place++) {
      const item = list[place];
      const repeated = item >= 0 && seen.has(item);
      if (repeated) duplicates++;
      else seen.add(item);
      expectation.addGroup(1, !repeated && containsSorted(relevant, item) ? 1 : 0);
    }
    return { values: expectation.finish(), duplicates };
  }
}

/** Evaluates one list: {@link ListEvaluator} for a single use. */
export function evaluateList(
  list: ArrayLike<number>,
  relevant: Int32Array,
  ks: readonly number[],
): { metrics: Record<string, number>; duplicates: number } {
  const evaluator = new ListEvaluator(ks);
  const { values, duplicates } = evaluator.evaluate(list, relevant);
  return { metrics: namedValues(evaluator.names, values), duplicates };
}
