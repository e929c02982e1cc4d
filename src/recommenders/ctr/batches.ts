import type { Random } from "../../core/random.js";
import { float32, int32, type Tensor } from "../../engine/run/tensor.js";
import type { CtrHistory } from "../../tasks/ctr.js";
import type { Fields, FieldSource } from "./fields.js";

/** A pair to be put in a batch. */
export interface Pair extends FieldSource {
  /** Read only where the model reads histories. */
  readonly history?: CtrHistory;
  /** The vector of a text about the pair, where the model reads one. */
  readonly text?: Float32Array;
}

export type Batch = Record<string, Tensor>;

/**
 * The inputs of `size` pairs: `fields` int32 [size, F], `genres` float32 [size, G] where there are genres, `text` float32 [size, W] where
 * the first pair has a text, and with `historyLength` > 0 `target`, `liked`, `disliked` (rows of the table) with their masks. Places beyond the given pairs are
 * filled with "unknown".
 */
export function pairBatch(
  fields: Fields,
  pairs: readonly Pair[],
  size: number,
  historyLength: number,
): Batch {
  const width = fields.names.length;
  const rows = new Int32Array(size * width);
  for (let n = pairs.length; n < size; n++) rows.set(fields.offsets, n * width);
  pairs.forEach((pair, n) => {
    fields.write(pair, rows, n * width);
  });
  const batch: Batch = { fields: int32(rows, [size, width]) };
  if (fields.genres > 0) {
    const shares = new Float32Array(size * fields.genres);
    pairs.forEach(({ item }, n) => {
      fields.writeGenres(item, shares, n * fields.genres);
    });
    batch.genres = float32(shares, [size, fields.genres]);
  }
  const textWidth = pairs.at(0)?.text?.length ?? 0;
  if (textWidth > 0) {
    const texts = new Float32Array(size * textWidth);
    pairs.forEach(({ text }, n) => {
      if (text?.length !== textWidth)
        throw new RangeError(`pair ${n} of a batch has no text of ${textWidth} numbers`);
      texts.set(text, n * textWidth);
    });
    batch.text = float32(texts, [size, textWidth]);
  }
  return historyLength === 0 ? batch : { ...batch, ...histories(fields, pairs, size, historyLength) };
}

function histories(fields: Fields, pairs: readonly Pair[], size: number, length: number): Batch {
  const target = new Int32Array(size);
  pairs.forEach(({ item }, n) => (target[n] = fields.itemRows[item]));
  const batch: Batch = { target: int32(target) };
  for (const list of ["liked", "disliked"] as const) {
    const items = new Int32Array(size * length);
    const mask = new Float32Array(size * length);
    pairs.forEach(({ history }, n) => {
      const own = history?.[list] ?? [];
      own.forEach((item, place) => {
        items[n * length + place] = fields.itemRows[item];
        mask[n * length + place] = 1;
      });
    });
    batch[list] = int32(items, [size, length]);
    batch[`${list}Mask`] = float32(mask, [size, length]);
  }
  return batch;
}

/** Dropout masks `dropout0`, ... [size, width]: 0 with the given rate (rounded to 1/256), else the scale that keeps the mean. */
export function dropoutMasks(widths: readonly number[], size: number, rate: number, random: Random): Batch {
  const dropped = Math.round(rate * 256);
  if (dropped === 0) return {};
  const kept = 256 / (256 - dropped);
  const batch: Batch = {};
  widths.forEach((width, n) => {
    const mask = new Float32Array(size * width);
    for (let at = 0; at < mask.length; at += 4) {
      let bits = random.uint32();
      // One draw serves four places; writes beyond the end are ignored.
      for (let byte = 0; byte < 4; byte++, bits >>>= 8) mask[at + byte] = (bits & 255) < dropped ? 0 : kept;
    }
    batch[`dropout${n}`] = float32(mask, [size, width]);
  });
  return batch;
}
