import { DataError } from "../../core/errors.js";
import {
  type ControlledListCase,
  type ControlledListTraining,
  controlGenres,
  genresAt,
  type GenreWish,
} from "../../tasks/controlled-list.js";
import { headOf, type Pool, poolOf } from "./pool.js";
import { quotaList } from "./quota.js";
import { MOST_GENRES, quotaSetsList } from "./quota-sets.js";

/** What of training data says how genres are counted. */
export type GenreData = Pick<ControlledListTraining, "items" | "mainGenres" | "allGenres">;

/** The list of k items of a pool with the largest sum of scores among all that have the wished genres; undefined where there is none. */
export type ListOfWish = (pool: Pool, wish: GenreWish, k: number) => Int32Array | undefined;

/**
 * The exact quota on some data: by first genres, or by all genres where those count.
 * @throws DataError MANY_GENRES where all genres count and there are more than {@link quotaSetsList} can take.
 */
export function listOfWish({ items, mainGenres, allGenres }: GenreData): ListOfWish {
  if (allGenres === undefined) return (pool, wish, k) => quotaList(pool, mainGenres, wish, k);
  const count = items.categoryNames.length;
  if (count > MOST_GENRES) {
    throw new DataError(
      "MANY_GENRES",
      `the best list of N genres can be found among ${MOST_GENRES} genres, and the items have ${count}`,
      { hint: "Count the first genre of each item alone: --set task.genresOf=first." },
    );
  }
  return (pool, wish, k) => quotaSetsList(pool, allGenres, count, wish, k);
}

/** A case's list of the wished genres, or as near as can be, from the scores of all items. */
export type NearestQuota = (
  scores: Float32Array,
  one: Pick<ControlledListCase, "seen" | "length">,
  wish: GenreWish,
) => Int32Array;

/**
 * The quota's list. Where none has N genres, the one of the nearest number (the lower of two equally near); where none has exactly a set,
 * the best of those genres that items are left of, or all items within the set.
 */
export function nearestQuota(data: GenreData): NearestQuota {
  const listOf = listOfWish(data);
  const { mainGenres, allGenres } = data;
  const genreCount = data.items.categoryNames.length;
  const sets = controlGenres(data);
  return (scores, { seen, length }, wish) => {
    // No list takes more than `length` items of a genre, and of those the best: the quota stays exact.
    const pool =
      allGenres === undefined
        ? headOf(scores, seen, mainGenres, { size: length, perGenre: length })
        : poolOf(scores, new Set(seen));
    if (typeof wish !== "number") {
      const exact = listOf(pool, wish, length);
      if (exact !== undefined) return exact;
      const isWithin = (item: number) => genresAt(sets, item).every((genre) => wish.has(genre));
      const within = poolOf(
        scores,
        new Set([...seen, ...Array.from(mainGenres.keys()).filter((item) => !isWithin(item))]),
      );
      const present = new Set(Array.from(within.items).flatMap((item) => Array.from(genresAt(sets, item))));
      return listOf(within, present, length) ?? within.items.slice(0, length);
    }
    const most = Math.max(genreCount, wish);
    for (let off = 0; off <= most; off++) {
      for (const count of off === 0 ? [wish] : [wish - off, wish + off]) {
        if (count < 0 || count > genreCount) continue;
        const list = listOf(pool, count, length);
        if (list !== undefined) return list;
      }
    }
    // Fewer candidates than places: all of them.
    return pool.items.slice(0, length);
  };
}
