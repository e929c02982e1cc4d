import type { Random } from "../../core/random.js";
import { float32, int32, type Tensor } from "../../engine/run/tensor.js";
import type { ControlledListTraining } from "../../tasks/controlled-list.js";
import type { Vocabulary } from "./vocabulary.js";

/** Some items that follow one another, with what came before each: an example that is learnt from in one pass. */
export interface Segment {
  readonly user: number;
  /** What came before the last target, oldest first. */
  readonly history: Int32Array;
  /** They end the sequence of history and last target. None in a few segments of an epoch. */
  readonly targets: Int32Array;
}

/**
 * The items to be foretold, every item but the first of each training sequence, cut into runs of `width`. A run's history
 * reaches back `longest` items from its last target, so its first target has at least `longest - width + 1` of them where
 * there are so many. The cuts move by one item from epoch to epoch. With a width of 1 each prefix of a sequence is an
 * example, as in RecBole.
 */
export class Segments {
  private readonly sequenceOf: Int32Array;
  /** Number of each segment within its sequence. */
  private readonly runs: Int32Array;
  /** Where the cuts of each sequence begin. */
  private readonly phases: Int32Array;

  constructor(
    private readonly train: Pick<ControlledListTraining, "sequences">,
    private readonly width: number,
    private readonly longest: number,
    random: Random,
  ) {
    const counts = train.sequences.map(({ items }) =>
      items.length < 2 ? 0 : Math.ceil((items.length - 1 + width - 1) / width),
    );
    const total = counts.reduce((sum, count) => sum + count, 0);
    this.sequenceOf = new Int32Array(total);
    this.runs = new Int32Array(total);
    let n = 0;
    counts.forEach((count, sequence) => {
      for (let run = 0; run < count; run++, n++) {
        this.sequenceOf[n] = sequence;
        this.runs[n] = run;
      }
    });
    this.phases = Int32Array.from(counts, () => random.int(width));
  }

  get length(): number {
    return this.runs.length;
  }

  /** @param epoch - from 1. */
  at(n: number, epoch: number): Segment {
    const sequence = this.sequenceOf[n];
    const { user, items } = this.train.sequences[sequence];
    const shift = (this.phases[sequence] + epoch) % this.width;
    const from = Math.max(1, 1 + this.runs[n] * this.width - shift);
    const to = Math.max(from, Math.min(items.length, 1 + (this.runs[n] + 1) * this.width - shift));
    const end = Math.max(1, to - 1);
    return {
      user,
      history: items.subarray(Math.max(0, end - this.longest), end),
      targets: items.subarray(from, to),
    };
  }
}

export type Batch = Record<string, Tensor>;

/**
 * The inputs of histories: `user` int32 [size], `items` int32 [size, length] (rows of the table, oldest first; row 0 where
 * there is padding), `known` float32 of that shape (1 an item, 0 padding) and `places` int32 [size, width]: of the last item
 * before each of `width` targets, the last target's last; 0 where there are fewer.
 * Items without a row are left out, and only the last `length` of the others count.
 */
export function historyBatch(
  { itemRows, userRows }: Vocabulary,
  histories: readonly { readonly user: number; readonly history: Int32Array }[],
  { size, length, width, padding }: BatchShape,
): Batch {
  const user = new Int32Array(size);
  const items = new Int32Array(size * length);
  const known = new Float32Array(size * length);
  const places = new Int32Array(size * width);
  histories.forEach((one, n) => {
    user[n] = userRows[one.user];
    const all = one.history.map((item) => itemRows[item]).filter((row) => row >= 0);
    const rows = all.subarray(Math.max(0, all.length - length));
    const start = padding === "before" ? length - rows.length : 0;
    items.set(rows, n * length + start);
    known.fill(1, n * length + start, n * length + start + rows.length);
    for (let q = 0; q < width; q++) places[n * width + q] = Math.max(0, start + rows.length - width + q);
  });
  return {
    user: int32(user),
    items: int32(items, [size, length]),
    known: float32(known, [size, length]),
    places: int32(places, [size, width]),
  };
}

export interface BatchShape {
  /** Histories of a batch; those beyond the given ones are empty. */
  readonly size: number;
  readonly length: number;
  /** Targets of each. */
  readonly width: number;
  /** Where a short history's padding goes. */
  readonly padding: "after" | "before";
}

/** Targets as rows [size * width], and weights: places beyond the given targets weigh nothing. */
export function targetBatch(
  { itemRows }: Vocabulary,
  segments: readonly Pick<Segment, "targets">[],
  { size, width }: Pick<BatchShape, "size" | "width">,
): Batch {
  const target = new Int32Array(size * width);
  const weight = new Float32Array(size * width);
  segments.forEach(({ targets }, n) => {
    const start = (n + 1) * width - targets.length;
    targets.forEach((item, q) => (target[start + q] = itemRows[item]));
    weight.fill(1, start, start + targets.length);
  });
  return { target: int32(target), weight: float32(weight) };
}

/** One mask of a batch: 0 with the given rate (rounded to 1/256), else the scale that keeps the mean. */
export function dropoutMask(shape: readonly number[], rate: number, random: Random): Tensor {
  const dropped = Math.round(rate * 256);
  const kept = 256 / (256 - dropped);
  const mask = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let at = 0; at < mask.length; at += 4) {
    let bits = random.uint32();
    // One draw serves four places; writes beyond the end are ignored.
    for (let byte = 0; byte < 4; byte++, bits >>>= 8) mask[at + byte] = (bits & 255) < dropped ? 0 : kept;
  }
  return float32(mask, shape);
}
