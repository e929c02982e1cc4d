import { float32 } from "../../../engine/run/tensor.js";
import { makeBatch, type SftBatch, type TrainingRow } from "../batches.js";
import type { PpoBatch } from "./policy.js";

/** An answer ready to be learnt from: its tokens, and one number a token of the answer. */
export interface Experience {
  readonly row: TrainingRow;
  readonly logProbs: Float64Array;
  readonly values: Float64Array;
  readonly advantages: Float64Array;
  readonly returns: Float64Array;
}

/** The sizes that all batches of a run have in common, so that few graphs are compiled. */
export interface BatchSizes {
  readonly rows: number;
  /** Tokens of the longest prompt and answer together. */
  readonly length: number;
  /** Tokens of the longest answer. */
  readonly answer: number;
}

/** Batches are padded to a multiple of this share of the longest row: few lengths, each with a graph of its own. */
const SHARES = 4;

function paddedLength(rows: readonly TrainingRow[], { length }: BatchSizes): number {
  const longest = Math.max(...rows.map(({ tokens }) => tokens.length));
  const unit = Math.ceil(length / SHARES / 8) * 8;
  return Math.ceil(longest / unit) * unit;
}

/** Tokens alone, padded to the run's sizes. */
export function tokenBatch(
  rows: readonly TrainingRow[],
  sizes: BatchSizes,
  pad: number,
): Omit<SftBatch, "dropout"> {
  const bucket = { length: paddedLength(rows, sizes), targets: sizes.answer, rows: [] };
  return makeBatch(rows, bucket, sizes.rows, pad);
}

/** One number a place of a {@link tokenBatch}; padding is 0. */
function numbers(rows: readonly Float64Array[], sizes: BatchSizes) {
  const data = new Float32Array(sizes.rows * sizes.answer);
  rows.forEach((row, r) => {
    data.set(row, r * sizes.answer);
  });
  return float32(data);
}

/** The numbers of one answer out of those of a whole {@link tokenBatch}. */
export function numbersOfRow(
  data: ArrayLike<number>,
  r: number,
  { tokens, from }: TrainingRow,
  sizes: BatchSizes,
): Float64Array {
  return Float64Array.from({ length: tokens.length - from }, (_, t) => data[r * sizes.answer + t]);
}

/** A batch of at most `sizes.rows` answers. */
export function experienceBatch(
  experiences: readonly Experience[],
  sizes: BatchSizes,
  pad: number,
): PpoBatch {
  const of = (pick: (experience: Experience) => Float64Array) => numbers(experiences.map(pick), sizes);
  return {
    ...tokenBatch(
      experiences.map(({ row }) => row),
      sizes,
      pad,
    ),
    oldLogProbs: of(({ logProbs }) => logProbs),
    oldValues: of(({ values }) => values),
    advantages: of(({ advantages }) => advantages),
    returns: of(({ returns }) => returns),
  };
}
