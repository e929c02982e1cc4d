import { type Random } from "../../core/random.js";
import { float32, int32, type Tensor } from "../../engine/run/tensor.js";
import type { ControlledListTraining } from "../../tasks/controlled-list.js";
import type { Vocabulary } from "./vocabulary.js";

/** Everything that follows something in a training sequence: what is to be foretold, and from what. */
export class NextItems {
  private constructor(
    private readonly train: ControlledListTraining,
    /** Sequence of each example, and the place of its target, from 1. */
    private readonly sequenceOf: Int32Array,
    private readonly places: Int32Array,
  ) {}

  /** One example for each item but the first of each sequence, in their order. */
  static of(train: ControlledListTraining): NextItems {
    const count = train.sequences.reduce((sum, { items }) => sum + Math.max(0, items.length - 1), 0);
    const sequenceOf = new Int32Array(count);
    const places = new Int32Array(count);
    let n = 0;
    train.sequences.forEach(({ items }, sequence) => {
      for (let place = 1; place < items.length; place++, n++) {
        sequenceOf[n] = sequence;
        places[n] = place;
      }
    });
    return new NextItems(train, sequenceOf, places);
  }

  get length(): number {
    return this.places.length;
  }

  /** @param longest - most items of the history. */
  at(n: number, longest: number): { user: number; history: Int32Array; target: number } {
    const { user, items } = this.train.sequences[this.sequenceOf[n]];
    const place = this.places[n];
    return { user, history: items.subarray(Math.max(0, place - longest), place), target: items[place] };
  }
}

export type Batch = Record<string, Tensor>;

/**
 * The inputs of histories: `user` int32 [size], `items` int32 [size, length] (rows of the table, oldest first; row 0 where
 * there is padding), `known` float32 of that shape (1 an item, 0 padding) and `last` (1 at the last item; at the first place of an
 * empty history). Items without a row are left out, and only the last `length` of the others count.
 */
export function historyBatch(
  { itemRows, userRows }: Vocabulary,
  histories: readonly { readonly user: number; readonly history: Int32Array }[],
  size: number,
  length: number,
  padding: "after" | "before",
): Batch {
  const user = new Int32Array(size);
  const items = new Int32Array(size * length);
  const known = new Float32Array(size * length);
  const last = new Float32Array(size * length);
  for (let n = 0; n < size; n++) {
    let rows = new Int32Array(0);
    if (n < histories.length) {
      user[n] = userRows[histories[n].user];
      const all = histories[n].history.map((item) => itemRows[item]).filter((row) => row >= 0);
      rows = all.subarray(Math.max(0, all.length - length));
    }
    const start = n * length + (padding === "before" ? length - rows.length : 0);
    items.set(rows, start);
    known.fill(1, start, start + rows.length);
    last[rows.length === 0 ? n * length : start + rows.length - 1] = 1;
  }
  const shape = [size, length];
  return {
    user: int32(user),
    items: int32(items, shape),
    known: float32(known, shape),
    last: float32(last, shape),
  };
}

/** Targets as rows, and weights: places beyond the given ones weigh nothing. */
export function targetBatch({ itemRows }: Vocabulary, targets: readonly number[], size: number): Batch {
  const target = new Int32Array(size);
  const weight = new Float32Array(size);
  targets.forEach((item, n) => {
    target[n] = itemRows[item];
    weight[n] = 1;
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
