import { UsageError } from "../../core/errors.js";

/** The metrics of a ranked list, in the order in which {@link RankingExpectation} holds them. */
export const RANKING_METRICS = ["recall", "precision", "hit", "mrr", "map", "ndcg"] as const;
export type RankingMetric = (typeof RANKING_METRICS)[number];

/**
 * The one definition of recall, precision, hit, MRR, MAP and NDCG at every cut-off k, for one case. The ranking is told
 * from the top as groups of items with equal scores; what comes out is the exact expectation over all equally likely
 * orders within each group. A group of one is an ordinary position, so a list without ties is the special case.
 *
 * With R relevant items in all (found or not) and rel(p) = 1 where the item at position p (from 1) is relevant:
 *
 * - recall@k = hits(k) / R, where hits(k) = sum of rel(p) over p <= k
 * - precision@k = hits(k) / k, also where fewer than k items were ranked
 * - hit@k = 1 where hits(k) > 0
 * - mrr@k = 1 / (position of the first relevant item), 0 where that is beyond k
 * - map@k = sum over p <= k of rel(p) hits(p) / p, divided by min(R, k)
 * - ndcg@k = DCG / (DCG of a list that begins with all relevant items); DCG = sum over p <= k of rel(p) / log2(p + 1)
 *
 * Inside a group of t items, r of them relevant, that begins after position g: the expectation of rel(p) is r/t; the
 * first relevant item's place is hypergeometric, so "none so far" shrinks by (t - r - i)/(t - i) at the i-th place
 * (from 0); and given rel at that place, i (r - 1)/(t - 1) of the i items before it in the group are relevant.
 *
 * Without a relevant item (R = 0) no metric applies: all values are NaN, and whoever averages counts the case as
 * skipped. Holds its memory: nothing is allocated for a case.
 */
export class RankingExpectation {
  /** `recall@5`, `recall@10`, ..., `ndcg@10`: all cut-offs of a metric together. */
  readonly names: readonly string[];
  /** Values of the last finished case, parallel to `names`; overwritten by the next. */
  readonly values: Float64Array;
  /** The largest cut-off: positions after it change nothing. */
  readonly depth: number;

  private readonly discounts: Float64Array;
  private readonly idealDcg: Float64Array;
  private relevantCount = 0;
  private nextCut = 0;
  private position = 0;
  private relevantAbove = 0;
  private hits = 0;
  private noneSoFar = 1;
  private reciprocalRank = 0;
  private precisionSum = 0;
  private dcg = 0;

  /**
   * @param ks - cut-offs, ascending whole numbers from 1.
   * @throws UsageError BAD_CUTOFF.
   */
  constructor(readonly ks: readonly number[]) {
    requireCutoffs(ks);
    this.depth = ks[ks.length - 1];
    this.names = RANKING_METRICS.flatMap((metric) => ks.map((k) => `${metric}@${k}`));
    this.values = new Float64Array(this.names.length);
    this.discounts = new Float64Array(this.depth + 1);
    this.idealDcg = new Float64Array(this.depth + 1);
    for (let p = 1; p <= this.depth; p++) {
      this.discounts[p] = 1 / Math.log2(p + 1);
      this.idealDcg[p] = this.idealDcg[p - 1] + this.discounts[p];
    }
  }

  /** Begins a case with `relevantCount` relevant items in all, whether or not they can be found. */
  start(relevantCount: number): void {
    this.relevantCount = relevantCount;
    this.nextCut = 0;
    this.position = 0;
    this.relevantAbove = 0;
    this.hits = 0;
    this.noneSoFar = 1;
    this.reciprocalRank = 0;
    this.precisionSum = 0;
    this.dcg = 0;
  }

  /** The next `size` items of the ranking have equal scores, and `relevant` of them are relevant. */
  addGroup(size: number, relevant: number): void {
    const share = relevant / size;
    const places = Math.min(size, this.depth - this.position);
    for (let i = 0; i < places; i++) {
      this.position++;
      if (relevant > 0) {
        const before = size > 1 ? (i * (relevant - 1)) / (size - 1) : 0;
        this.hits = this.relevantAbove + (relevant * (i + 1)) / size;
        this.dcg += share * this.discounts[this.position];
        this.precisionSum += (share * (this.relevantAbove + before + 1)) / this.position;
        this.reciprocalRank += (this.noneSoFar * relevant) / ((size - i) * this.position);
        this.noneSoFar *= Math.max(0, size - relevant - i) / (size - i);
        // (noneSoFar is 0 from the first group with a relevant item on, so later groups add nothing to MRR and hit.)
      }
      if (this.position === this.ks[this.nextCut]) this.record();
    }
    this.relevantAbove += relevant;
  }

  /** Ends the case and returns `values`. Cut-offs beyond the end of the ranking get what the whole ranking holds. */
  finish(): Float64Array {
    while (this.nextCut < this.ks.length) this.record();
    return this.values;
  }

  private record(): void {
    const { values, relevantCount } = this;
    const cuts = this.ks.length;
    const at = this.nextCut++;
    if (relevantCount === 0) {
      for (let metric = 0; metric < RANKING_METRICS.length; metric++) values[metric * cuts + at] = NaN;
      return;
    }
    const k = this.ks[at];
    const reachable = Math.min(relevantCount, k);
    values[at] = this.hits / relevantCount;
    values[cuts + at] = this.hits / k;
    values[2 * cuts + at] = 1 - this.noneSoFar;
    values[3 * cuts + at] = this.reciprocalRank;
    values[4 * cuts + at] = this.precisionSum / reachable;
    values[5 * cuts + at] = this.dcg / this.idealDcg[reachable];
  }
}

function requireCutoffs(ks: readonly number[]): void {
  const good = ks.every((k, i) => Number.isSafeInteger(k) && k >= 1 && (i === 0 || k > ks[i - 1]));
  if (good && ks.length > 0) return;
  throw new UsageError(
    "BAD_CUTOFF",
    `cut-offs must be ascending whole numbers from 1, got [${ks.join(", ")}]`,
    {
      hint: "Give them like 5,10,20.",
    },
  );
}
