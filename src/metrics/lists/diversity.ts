/** Sets by item: item i's members are `indices[offsets[i]..offsets[i + 1] - 1]`, ascending. A `Csr` is one. */
export interface ItemSets {
  readonly offsets: Int32Array;
  readonly indices: Int32Array;
}

/** How far apart two items are, 0 for equal ones. */
export type ItemDistance = (a: number, b: number) => number;

/**
 * 1 - |A and B| / |A or B| over the items' category sets (Jaccard). Two items without any category have distance 0:
 * their sets are equal; one of them without has distance 1.
 */
export function categoryDistance({ offsets, indices }: ItemSets): ItemDistance {
  return (a, b) => {
    let i = offsets[a];
    let j = offsets[b];
    const endA = offsets[a + 1];
    const endB = offsets[b + 1];
    let common = 0;
    while (i < endA && j < endB) {
      if (indices[i] === indices[j]) {
        common++;
        i++;
        j++;
      } else if (indices[i] < indices[j]) i++;
      else j++;
    }
    const union = endA - offsets[a] + (endB - offsets[b]) - common;
    return union === 0 ? 0 : 1 - common / union;
  };
}

/**
 * 1 - cosine of the items' vectors: 0..2. A zero vector has no direction: its distance to any other item is 1.
 * @param vectors - [items, dimensions], row-major.
 */
export function vectorDistance(vectors: Float32Array, dimensions: number): ItemDistance {
  return (a, b) => {
    if (a === b) return 0;
    let dot = 0;
    let squaresA = 0;
    let squaresB = 0;
    for (let d = 0; d < dimensions; d++) {
      const x = vectors[a * dimensions + d];
      const y = vectors[b * dimensions + d];
      dot += x * y;
      squaresA += x * x;
      squaresB += y * y;
    }
    const lengths = Math.sqrt(squaresA * squaresB);
    return lengths === 0 ? 1 : 1 - dot / lengths;
  };
}

/**
 * Intra-list distance: the mean distance over all pairs of places of a list (Ziegler et al., WWW 2005, as a distance). A
 * repeated item is a pair of distance 0. NaN for fewer than two items.
 * @param list - items; entries below 0 (no item) are left out.
 */
export function intraListDistance(list: ArrayLike<number>, distance: ItemDistance): number {
  let sum = 0;
  let pairs = 0;
  for (let i = 0; i < list.length; i++) {
    if (list[i] < 0) continue;
    for (let j = i + 1; j < list.length; j++) {
      if (list[j] < 0) continue;
      sum += distance(list[i], list[j]);
      pairs++;
    }
  }
  return pairs === 0 ? NaN : sum / pairs;
}

/** How a list spreads over genres. */
export interface GenreSpread {
  /** Number of different genres of the list's items. */
  readonly genres: number;
  /** `genres` as a share of all genres. */
  readonly coverage: number;
  /**
   * Entropy in bits of the list's genre shares, where each item spreads a weight of one evenly over its genres (items
   * without a genre have none). NaN where no item has a genre.
   */
  readonly entropy: number;
}

/**
 * Counts the genres of a list. A repeated item counts at each place in the entropy. Entries below 0 are left out.
 * @param genreCount - how many genres there are.
 */
export function genreSpread(list: ArrayLike<number>, sets: ItemSets, genreCount: number): GenreSpread {
  const weights = new Float64Array(genreCount);
  for (let place = 0; place < list.length; place++) {
    const item = list[place];
    if (item < 0) continue;
    const from = sets.offsets[item];
    const to = sets.offsets[item + 1];
    for (let entry = from; entry < to; entry++) weights[sets.indices[entry]] += 1 / (to - from);
  }
  const genres = weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0);
  return { genres, coverage: genreCount === 0 ? NaN : genres / genreCount, entropy: entropyBits(weights) };
}

/** Shannon entropy in bits of weights taken as shares of their sum; NaN where the sum is 0. */
export function entropyBits(weights: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i];
  if (total === 0) return NaN;
  let entropy = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] > 0) entropy -= (weights[i] / total) * Math.log2(weights[i] / total);
  }
  return entropy;
}
