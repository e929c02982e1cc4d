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
