/** Plans without a language model: what the stages of DLCRec have to beat. */

/**
 * The history's commonest genres; of equally common ones, and where the history has too few, those that are commonest in general.
 * @param genreOf - by item; -1: none.
 * @param general - how common each genre is; genres of 0 are taken last.
 * @returns `count` genres, or all there are.
 */
export function commonestGenres(
  history: ArrayLike<number>,
  genreOf: Int32Array,
  general: ArrayLike<number>,
  count: number,
): number[] {
  const own = new Float64Array(general.length);
  for (const item of Array.from(history)) if (genreOf[item] >= 0) own[genreOf[item]]++;
  return Array.from(own.keys())
    .sort((a, b) => own[b] - own[a] || general[b] - general[a] || a - b)
    .slice(0, count);
}

/**
 * A genre for each place: every genre once in the order of the set, then the rest of the places by the genres' shares of the history
 * (highest averages, one like added to each).
 */
export function shareSlots(
  genres: readonly number[],
  history: ArrayLike<number>,
  genreOf: Int32Array,
  length: number,
): number[] {
  const slots = genres.slice(0, length);
  const likes = genres.map((genre) => Array.from(history).filter((item) => genreOf[item] === genre).length);
  const given = genres.map(() => 1);
  while (slots.length < length && genres.length > 0) {
    const best = genres.reduce(
      (top, _genre, n) => ((likes[n] + 1) / (given[n] + 1) > (likes[top] + 1) / (given[top] + 1) ? n : top),
      0,
    );
    given[best]++;
    slots.push(genres[best]);
  }
  return slots;
}
