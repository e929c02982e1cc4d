/**
 * NDCG as DLCRec's code computes it, for reproducing its tables only: the ideal fills all k places however few items are
 * relevant, and a repeated hit counts each time. (Its natural logarithm cancels.) Never in a column with `ndcg@k`.
 * @param list - k answered items; entries below 0 are no item.
 */
export function dlcrecNdcg(list: ArrayLike<number>, relevant: ReadonlySet<number>, k = 10): number {
  let gained = 0;
  let ideal = 0;
  for (let place = 0; place < k; place++) {
    const discount = 1 / Math.log(place + 2);
    ideal += discount;
    if (place < list.length && relevant.has(list[place])) gained += discount;
  }
  return gained / ideal;
}

/** DLCRec's "HR": hits / k with repeats counted, so at most what others call precision@k where nothing repeats. */
export function dlcrecHitRate(list: ArrayLike<number>, relevant: ReadonlySet<number>, k = 10): number {
  let hits = 0;
  for (let place = 0; place < Math.min(k, list.length); place++) if (relevant.has(list[place])) hits++;
  return hits / k;
}

/** DLCRec's "REP_RATE": 1 - different items / k. A list shorter than k repeats as if its missing places did. */
export function dlcrecRepetition(list: ArrayLike<number>, k = 10): number {
  return 1 - new Set(Array.from(list).slice(0, k)).size / k;
}

/**
 * DLCRec's "DIV": the mean over places of 1 - |seen and own| / |seen or own|, where `own` are the item's genres and `seen`
 * those of all places before. It depends on the order, and a list of one genre has 1 / k, not 0.
 * @param genresOf - the genres of an item, at least one.
 */
export function dlcrecDiversity(
  list: ArrayLike<number>,
  genresOf: (item: number) => readonly number[],
): number {
  const seen = new Set<number>();
  let sum = 0;
  for (const item of Array.from(list)) {
    const own = genresOf(item);
    const common = own.filter((genre) => seen.has(genre)).length;
    sum += 1 - common / (seen.size + own.length - common);
    for (const genre of own) seen.add(genre);
  }
  return sum / list.length;
}

/** DLCRec's "MATCH": places whose genre is the wanted one / k; a place without a wanted genre matches nothing. */
export function dlcrecMatch(genres: readonly string[], wanted: readonly string[], k = 10): number {
  return genres.slice(0, k).filter((genre, place) => genre === wanted[place]).length / k;
}
