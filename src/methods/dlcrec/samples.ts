/** A window as the sub-tasks learn from it. */
export interface Sample {
  readonly history: Int32Array;
  readonly future: Int32Array;
}

/** Which genre stands at which place, and the set that the places are to be filled from. */
export interface GenreSample {
  readonly history: Int32Array;
  readonly genres: readonly number[];
  readonly slots: readonly number[];
}

/** Which item stands at which place. */
export interface ItemSample {
  readonly history: Int32Array;
  readonly slots: readonly number[];
  /** As many as slots; with the published defect none. */
  readonly items: readonly number[];
}

/** Different genres, the commonest first; of equally common ones the earlier. */
export function genresByCount(slots: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const genre of slots) counts.set(genre, (counts.get(genre) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([genre]) => genre);
}

/** What GF learns from a window as it is. */
export function genreSample({ history, future }: Sample, genreOf: Int32Array): GenreSample {
  const slots = Array.from(future, (item) => genreOf[item]);
  return { history, genres: genresByCount(slots), slots };
}

/** What IP learns from a window as it is. */
export function itemSample({ history, future }: Sample, genreOf: Int32Array): ItemSample {
  return { history, slots: Array.from(future, (item) => genreOf[item]), items: [...future] };
}
