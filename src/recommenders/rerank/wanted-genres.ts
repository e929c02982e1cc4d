/**
 * The genre distribution that a list of N genres should have for a user: the N commonest genres of the history, completed
 * by the generally commonest ones where it has fewer, weighted by (count in the history + general share), summing to 1.
 * @param counts - how often each genre is in the history.
 * @param general - share of each genre in the training data.
 */
export function wantedGenres(
  counts: ArrayLike<number>,
  general: ArrayLike<number>,
  genres: number,
): Float64Array {
  const weights = Float64Array.from(counts, (count, genre) => count + general[genre]);
  const order = [...weights.keys()].sort((a, b) => weights[b] - weights[a] || a - b);
  for (const genre of order.slice(genres)) weights[genre] = 0;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
