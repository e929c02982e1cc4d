import type { GenreWish } from "../../tasks/controlled-list.js";

/**
 * The genre distribution that a list of N genres should have for a user: the N commonest genres of the history, completed
 * by the generally commonest ones where it has fewer; or a wished set of genres. Each gets one place of the list, and the other places are shared
 * out by (count in the history + general share). Sums to 1.
 * @param counts - how often each genre is in the history.
 * @param general - share of each genre in the training data.
 * @param length - places of the list; of more wanted genres than places, the first `length` count.
 */
export function wantedGenres(
  counts: ArrayLike<number>,
  general: ArrayLike<number>,
  wish: GenreWish,
  length: number,
): Float64Array {
  const weights = Float64Array.from(counts, (count, genre) => count + general[genre]);
  const order = [...weights.keys()].sort((a, b) => weights[b] - weights[a] || a - b);
  const chosen = (
    typeof wish === "number" ? order.slice(0, wish) : order.filter((genre) => wish.has(genre))
  ).slice(0, length);
  const total = chosen.reduce((sum, genre) => sum + weights[genre], 0);
  const rest = 1 - chosen.length / length;
  const wanted = new Float64Array(weights.length);
  for (const genre of chosen) {
    const share = total === 0 ? 1 / chosen.length : weights[genre] / total;
    wanted[genre] = 1 / length + rest * share;
  }
  return wanted;
}
