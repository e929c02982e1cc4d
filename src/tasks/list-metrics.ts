import { csrFromPairs, rowIndices, type Csr } from "../data/csr.js";
import type { ItemTable } from "../data/dataset.js";
import { categoryDistance, genreSpread, intraListDistance } from "../metrics/lists/diversity.js";
import { exposure, exposureCounts } from "../metrics/lists/exposure.js";
import { listPopularity, novelty, popularityLift } from "../metrics/lists/popularity.js";
import { listOf, type RecommendedLists } from "./evaluation.js";

/** What the metrics of lists need to know of the catalogue and of the training data. */
export interface ListBackground {
  /** Genres of each item [items, genres]; null where the data have none. */
  readonly genres: Csr | null;
  /** Training interactions [users, items]. */
  readonly matrix: Csr;
  /** Different users with a training interaction, by item. */
  readonly itemUsers: Int32Array;
}

/** Gathers the background once a task. */
export function listBackground(items: ItemTable, matrix: Csr): ListBackground {
  const rows = items.categories.flatMap((genres, item) => genres.map(() => item));
  const genres = csrFromPairs(items.keys.length, items.categoryNames.length, rows, items.categories.flat());
  const itemUsers = new Int32Array(items.keys.length);
  for (const item of matrix.indices) itemUsers[item]++;
  return { genres: rows.length === 0 ? null : genres, matrix, itemUsers };
}

/** Diversity, novelty and popularity of every case's list: metric name -> [cases], NaN for an empty list. */
export function listMetrics(
  lists: RecommendedLists,
  background: ListBackground,
): Record<string, Float64Array> {
  const { genres, matrix, itemUsers } = background;
  const { k } = lists;
  const cases = lists.items.length / k;
  const popularity = { users: itemUsers, userCount: matrix.rows };
  const measures: Record<string, (list: Int32Array) => number> = {
    [`novelty@${k}`]: (list) => novelty(list, popularity),
    [`popularity@${k}`]: (list) => listPopularity(list, popularity),
  };
  if (genres !== null) {
    const distance = categoryDistance(genres);
    measures[`ild-category@${k}`] = (list) => intraListDistance(list, distance);
    measures[`genres@${k}`] = (list) => genreSpread(list, genres, genres.columns).genres;
    measures[`genre-entropy@${k}`] = (list) => genreSpread(list, genres, genres.columns).entropy;
  }
  const values: Record<string, Float64Array> = {};
  for (const [name, measure] of Object.entries(measures)) {
    values[name] = Float64Array.from({ length: cases }, (_, position) => {
      const list = listOf(lists, position);
      return list.length === 0 ? NaN : measure(list);
    });
  }
  return values;
}

/**
 * How a recommender spreads over the catalogue, from all lists together.
 * @param k - the cut-off that the metrics are named by: the lists' full length.
 * @param candidates - the items that could be listed.
 * @param users - the user of each case.
 * @param weights - how often each case counts (bootstrap); 1 where left out.
 */
export function pooledListMetrics(
  lists: RecommendedLists,
  k: number,
  candidates: Int32Array,
  users: readonly number[],
  background: ListBackground,
  weights?: Float64Array,
): Record<string, number> {
  const { matrix, itemUsers } = background;
  const spread = exposure(
    exposureCounts({ items: lists.items, width: lists.k }, k, matrix.columns, weights),
    candidates,
  );
  const popularity = { users: itemUsers, userCount: matrix.rows };
  const popularityOf = (list: Int32Array) => (list.length === 0 ? NaN : listPopularity(list, popularity));
  return {
    [`coverage@${k}`]: spread.coverage,
    [`gini@${k}`]: spread.gini,
    [`popularity-lift@${k}`]: popularityLift(
      Float64Array.from(users, (_, position) => popularityOf(listOf(lists, position))),
      Float64Array.from(users, (user) => popularityOf(rowIndices(matrix, user))),
      weights,
    ),
  };
}
