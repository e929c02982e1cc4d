import type { GenreWish } from "../../tasks/controlled-list.js";
import type { Pool } from "./pool.js";

/**
 * The list of k items with the largest sum of scores among all that have exactly the wished genres, each item having one
 * genre. Exact: a genre that takes part with m items takes part with its m best, so a table over (genres looked at,
 * genres taken, items taken) holds every optimum; G N k^2 steps for G genres.
 * @param genreOf - by item number; -1: no genre, which may fill any list and counts as none.
 * @returns items by falling score; undefined where the pool has no such list.
 */
export function quotaList(
  pool: Pool,
  genreOf: ArrayLike<number>,
  wish: GenreWish,
  k: number,
): Int32Array | undefined {
  const count = typeof wish === "number" ? wish : wish.size;
  const groups = bestOfEachGenre(pool, genreOf, wish, k);
  // best[n * (k + 1) + m]: the largest sum with n genres and m items of the groups so far.
  const width = k + 1;
  let best = new Float64Array((count + 1) * width).fill(-Infinity);
  best[0] = 0;
  /** For each group, how many of its items the best of each state takes. */
  const taken: Uint16Array[] = [];
  for (const { genre, places } of groups) {
    const counts = genre === -1 ? 0 : 1;
    const next = best.slice();
    const takes = new Uint16Array(best.length);
    for (let n = 0; n + counts <= count; n++) {
      for (let m = 0; m < k; m++) {
        let sum = best[n * width + m];
        if (sum === -Infinity) continue;
        for (let take = 1; take <= places.length && m + take <= k; take++) {
          sum += pool.scores[places[take - 1]];
          const state = (n + counts) * width + m + take;
          if (sum > next[state]) {
            next[state] = sum;
            takes[state] = take;
          }
        }
      }
    }
    best = next;
    taken.push(takes);
  }
  if (best[count * width + k] === -Infinity) return undefined;
  const chosen: number[] = [];
  for (let g = groups.length - 1, n = count, m = k; g >= 0; g--) {
    const take = taken[g][n * width + m];
    if (take === 0) continue;
    chosen.push(...groups[g].places.slice(0, take));
    m -= take;
    if (groups[g].genre !== -1) n--;
  }
  return Int32Array.from(
    chosen.sort((a, b) => a - b),
    (place) => pool.items[place],
  );
}

interface Group {
  readonly genre: number;
  /** Places in the pool of the genre's best k items. */
  readonly places: number[];
}

/** The groups of the pool, in the order of their best item; with a set of genres only those and the items without. */
function bestOfEachGenre(pool: Pool, genreOf: ArrayLike<number>, wish: GenreWish, k: number): Group[] {
  const groups = new Map<number, Group>();
  pool.items.forEach((item, place) => {
    const genre = genreOf[item];
    if (typeof wish !== "number" && genre !== -1 && !wish.has(genre)) return;
    let group = groups.get(genre);
    if (group === undefined) groups.set(genre, (group = { genre, places: [] }));
    if (group.places.length < k) group.places.push(place);
  });
  return [...groups.values()];
}
