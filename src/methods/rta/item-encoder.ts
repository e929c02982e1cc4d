import { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import { program } from "../../engine/run/program.js";
import {
  float32,
  int32,
  type Float32Tensor,
  type Int32Tensor,
  type Tensor,
} from "../../engine/run/tensor.js";
import type { LanguageModel, Vectors } from "../../llm/language-model.js";
import { type AggregatorId, AGGREGATORS, type Arrays, UNMASKED, type Weights } from "./aggregators.js";

/** Longer titles are read up to here. */
const LONGEST_TITLE = 32;

/** The catalogue as the language model reads it. */
export interface Titles {
  /** [items, length], token ids of ` TITLE`, then 0. */
  readonly ids: Int32Array;
  /** [items, length], 1 for tokens, then 0. */
  readonly mask: Float32Array;
  readonly items: number;
  readonly length: number;
  /** Input embeddings [vocabulary, width], never trained. */
  readonly tokens: Float32Tensor;
}

/** Token ids of all titles and the model's input embeddings. @throws ProviderError where the model tells neither. */
export async function readTitles(model: LanguageModel, titles: readonly string[]): Promise<Titles> {
  const [tokenizer, tokens] = await Promise.all([model.tokenizer(), model.tokenEmbeddings()]);
  // As they stand in a list: after a space.
  const rows = titles.map((title) => tokenizer.encode(` ${title}`).slice(0, LONGEST_TITLE));
  const length = rows.reduce((most, row) => Math.max(most, row.length), 1);
  const ids = new Int32Array(rows.length * length);
  const mask = new Float32Array(rows.length * length);
  rows.forEach((row, item) => {
    ids.set(row, item * length);
    mask.fill(1, item * length, item * length + row.length);
  });
  return { ids, mask, items: rows.length, length, tokens: float32(tokens.data, [tokens.rows, tokens.width]) };
}

/** Some items of the catalogue. */
export interface ItemBatch {
  /** [items]. */
  item: np.Array;
  /** [items, length]. */
  ids: np.Array;
  mask: np.Array;
}

/** What makes item embeddings: an aggregator of title tokens, or a free row for each item. */
export interface ItemEncoder {
  initial(titles: Titles, random: Random): Weights;
  /** @param tokens - input embeddings [vocabulary, width]. @returns [items, width]. */
  embed(weights: Arrays, batch: ItemBatch, tokens: np.Array): np.Array;
}

/**
 * Embeddings from title tokens.
 * @param mask - whether padding is passed over.
 */
export function titleEncoder(id: AggregatorId, mask = true): ItemEncoder {
  const aggregator = mask ? AGGREGATORS[id] : (UNMASKED[id] ?? AGGREGATORS[id]);
  return {
    initial: ({ tokens, length }, random) => aggregator.initial(tokens.shape[1], length, random),
    embed: (weights, batch, tokens) => aggregator.apply(weights, np.take(tokens, batch.ids, 0), batch.mask),
  };
}

/** A free embedding for each item, which knows no title. */
export const freeTable: ItemEncoder = {
  initial: ({ items, tokens }, random) => ({
    table: float32(random.normals(items * tokens.shape[1], 0.02), [items, tokens.shape[1]]),
  }),
  embed: ({ table }, { item }) => np.take(table, item, 0),
};

/** The tensors of some items. */
export function itemBatch(
  { ids, mask, length }: Titles,
  items: Int32Array,
): { item: Int32Tensor; ids: Int32Tensor; mask: Float32Tensor } {
  const someIds = new Int32Array(items.length * length);
  const someMask = new Float32Array(items.length * length);
  items.forEach((item, row) => {
    someIds.set(ids.subarray(item * length, (item + 1) * length), row * length);
    someMask.set(mask.subarray(item * length, (item + 1) * length), row * length);
  });
  return {
    item: int32(items),
    ids: int32(someIds, [items.length, length]),
    mask: float32(someMask, [items.length, length]),
  };
}

/** So many items are embedded at a time. */
const CHUNK = 2048;

/** Embeddings of the whole catalogue [items, width], chunk by chunk. */
export function catalogueEmbedder(encoder: ItemEncoder, titles: Titles) {
  const forward = program(
    ({ weights, batch, tokens }: { weights: Arrays; batch: ItemBatch; tokens: np.Array }) => ({
      embeddings: encoder.embed(weights, batch, tokens),
    }),
  );
  return {
    async embed(weights: Readonly<Record<string, Tensor>>): Promise<Vectors> {
      const { items, tokens } = titles;
      const width = tokens.shape[1];
      const data = new Float32Array(items * width);
      for (let from = 0; from < items; from += CHUNK) {
        // The last chunk is filled up, so that one shape serves all.
        const size = Math.min(CHUNK, items);
        const part = Int32Array.from({ length: size }, (_, n) => Math.min(items - 1, from + n));
        const { embeddings } = await forward.run({
          weights,
          batch: itemBatch(titles, part),
          tokens,
        });
        const found = embeddings.data as Float32Array;
        data.set(found.subarray(0, Math.min(size, items - from) * width), from * width);
      }
      return { rows: items, width, data };
    },
    release: () => forward.release(),
  };
}
