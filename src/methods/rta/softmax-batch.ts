import { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import { sampledSoftmax } from "../../engine/nn/losses.js";
import { float32, type Float32Tensor, type Int32Tensor } from "../../engine/run/tensor.js";
import { type ItemBatch, itemBatch, type Titles } from "./item-encoder.js";

/** A query that should find an item; `query` is a row of the queries. */
export interface Pair {
  readonly query: number;
  readonly item: number;
}

/** The columns of a batch's logits, and which of them each row is compared with. Padding weighs 0. */
export interface SoftmaxBatch extends ItemBatch {
  /** [columns], 1 for items drawn as wrong ones, 0 for those that are there as some row's right one. */
  drawn: np.Array;
  /** [batch, columns], 1 at each row's right item. */
  hits: np.Array;
  /** [batch], 0 for rows of padding. */
  weight: np.Array;
}

interface SoftmaxTensors {
  item: Int32Tensor;
  ids: Int32Tensor;
  mask: Float32Tensor;
  drawn: Float32Tensor;
  hits: Float32Tensor;
  weight: Float32Tensor;
}

/** So many columns all batches have. */
function columnCount(pool: number, negatives: number, batchSize: number): number {
  return Math.min(pool, negatives + batchSize);
}

/**
 * Lays out a batch: items drawn without repeats, shared by all rows, and the right items. A right item of one row is no wrong one of
 * another unless it was drawn, so that frequent right items are not held down.
 * @param pool - items that may be drawn; every right item is one of them.
 * @param size - rows; there may be fewer pairs.
 */
export function softmaxBatch(
  pairs: readonly Pair[],
  pool: Int32Array,
  titles: Titles,
  { negatives, size }: { negatives: number; size: number },
  random: Random,
): SoftmaxTensors {
  const count = columnCount(pool.length, negatives, size);
  const drawnCount = Math.min(negatives, pool.length);
  const order = drawnCount === pool.length ? pool : random.sample(pool.length, count).map((n) => pool[n]);
  const columnOf = new Map<number, number>();
  order.slice(0, drawnCount).forEach((item) => columnOf.set(item, columnOf.size));
  for (const { item } of pairs) if (!columnOf.has(item)) columnOf.set(item, columnOf.size);
  // Filled up with items that no row is compared with.
  for (const item of order)
    if (columnOf.size < count && !columnOf.has(item)) columnOf.set(item, columnOf.size);
  const hits = new Float32Array(size * count);
  const weight = new Float32Array(size);
  pairs.forEach(({ item }, row) => {
    hits[row * count + columnOf.get(item)!] = 1;
    weight[row] = 1;
  });
  const drawn = new Float32Array(count).fill(1, 0, drawnCount);
  return {
    ...itemBatch(titles, Int32Array.from(columnOf.keys())),
    drawn: float32(drawn),
    hits: float32(hits, [size, count]),
    weight: float32(weight),
  };
}

/** Far below any logit, but finite. */
const LEFT_OUT = -1e9;

/**
 * The contrastive loss of logits [batch, columns]: `-log(exp g+ / (exp g+ + sum over drawn items of exp g_j))`, the mean over rows.
 * @param removeAccidentalHits - whether a row's right item is left out of the sum where it was drawn.
 */
export function contrastiveLoss(
  logits: np.Array,
  { drawn, hits, weight }: Pick<SoftmaxBatch, "drawn" | "hits" | "weight">,
  removeAccidentalHits = true,
): np.Array {
  const positive = np.sum(np.multiply(logits, hits), -1);
  const negative = np.add(logits, np.multiply(np.subtract(1, drawn), LEFT_OUT));
  return sampledSoftmax(positive, negative, removeAccidentalHits ? hits : np.multiply(hits, 0), weight);
}

/** Rows of a matrix, then rows of zeros. */
export function rowsOf(
  data: Float32Array,
  width: number,
  rows: readonly number[],
  size: number,
): Float32Tensor {
  const some = new Float32Array(size * width);
  rows.forEach((row, n) => {
    some.set(data.subarray(row * width, (row + 1) * width), n * width);
  });
  return float32(some, [size, width]);
}
