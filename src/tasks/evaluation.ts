/** How one recommender did on every case of a task: all that a table, a test or a second look needs. */
export interface Evaluation {
  /** External name of each case (a user's id, a dialogue's turn). */
  readonly cases: readonly string[];
  /** Metric name -> value of each case; NaN where the metric does not apply to the case. */
  readonly values: Readonly<Record<string, Float64Array>>;
  /** What was recommended, by setting (`cold`, `warm`, ...); empty where the task's answers are no lists. */
  readonly lists: Readonly<Record<string, RecommendedLists>>;
  /** What else was answered, by name, [cases]: kept for metrics that need all cases together, no metric itself. */
  readonly answers?: Readonly<Record<string, Float64Array>>;
  /** The text that each case was answered by, [cases], where the recommender has one. */
  readonly explanations?: readonly string[];
}

/** The best items of every case. */
export interface RecommendedLists {
  /** Length of a full list. */
  readonly k: number;
  /** Item numbers [cases, k], best first; -1 where a list ends early or the case is not in this setting. */
  readonly items: Int32Array;
}

/** The items of one case's list. */
export function listOf({ k, items }: RecommendedLists, position: number): Int32Array {
  const list = items.subarray(position * k, (position + 1) * k);
  const end = list.indexOf(-1);
  return end < 0 ? list : list.subarray(0, end);
}
