/** How prompts are gathered into batches. */
export interface BatchLimits {
  /** The most rows of a batch. */
  readonly rows: number;
  /** The most tokens of a batch, prompt and answer together: bounds the memory of states and cache. */
  readonly tokens: number;
}

/**
 * Groups items into batches of equal length, so that neither padding nor the other rows can change an item's result by even a bit.
 * Shorter lengths come first; within a length the order is kept.
 * @param lengths - tokens of each item.
 * @param extra - tokens that each row grows by.
 * @returns indices of the items of each batch.
 */
export function equalLengthBatches(
  lengths: readonly number[],
  extra: number,
  limits: BatchLimits,
): number[][] {
  const byLength = new Map<number, number[]>();
  lengths.forEach((length, i) => {
    const group = byLength.get(length);
    if (group === undefined) byLength.set(length, [i]);
    else group.push(i);
  });
  const batches: number[][] = [];
  for (const [length, items] of [...byLength].sort(([a], [b]) => a - b)) {
    const rows = Math.max(1, Math.min(limits.rows, Math.floor(limits.tokens / (length + extra))));
    for (let from = 0; from < items.length; from += rows) batches.push(items.slice(from, from + rows));
  }
  return batches;
}

/** Groups items of similar length; within a batch shorter ones are padded. Fewer, fuller batches, but other bits. */
export function paddedBatches(lengths: readonly number[], extra: number, limits: BatchLimits): number[][] {
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[a] - lengths[b] || a - b);
  const batches: number[][] = [];
  let batch: number[] = [];
  for (const i of order) {
    // Sorted: the newest row is the longest, and every row will have its length.
    if (batch.length >= limits.rows || (batch.length + 1) * (lengths[i] + extra) > limits.tokens) {
      if (batch.length > 0) batches.push(batch);
      batch = [];
    }
    batch.push(i);
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
