import { z } from "zod";
import { DataError } from "../../core/errors.js";
import { hashOf } from "../../core/hash.js";
import { readSafetensors, rowsOf, writeSafetensors } from "../../core/safetensors.js";
import type { ArtifactFormat } from "../../core/stages.js";
import { itemText } from "../../data/dataset.js";
import { itemInWords, itemsWithWords } from "../../data/items-in-words.js";
import { truncatedSvd } from "../../engine/linalg/truncated-svd.js";
import { Random } from "../../core/random.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import { tfidf } from "../neighbours/tfidf.js";
import type { RunContext } from "../recommender.js";

/** What an item's text becomes for models that want numbers. */
export const contentOptions = {
  /** `words`: TF-IDF and a singular value decomposition; `llm`: the mean of the run's language model's last states. */
  content: z.enum(["words", "llm"]).default("words"),
  /** Length of an item's content vector; shorter where the texts have fewer dimensions. */
  contentSize: z.int().min(1).default(300),
};

export type ContentChoice = z.infer<z.ZodObject<typeof contentOptions>>;

/** One row of content an item. */
export interface ItemContent {
  readonly size: number;
  /** [items, size], row-major. */
  readonly data: Float32Array;
}

/** Beyond so many standard deviations a value is cut off, as DropoutNet's authors do. */
const LIMIT = 5;

/**
 * The stage `content`. Of `words`: item text (title, genres and all else, {@link itemText}) by TF-IDF, then the first dimensions of the singular
 * value decomposition, each standardised over all items and cut off at 5 deviations. That is how the content vectors of
 * CiteULike were made that the cold-start papers use (Volkovs, Yu and Poutanen, NIPS 2017). Text is known of cold items, too, so
 * they take part.
 * @throws DataError NO_TEXT where no item has a word that another has as well.
 */
export async function itemContent(
  train: ColdStartTraining,
  { content, contentSize }: ContentChoice,
  context: RunContext,
): Promise<{ content: ItemContent; key: string }> {
  return content === "llm" ? modelContent(train, context) : wordContent(train, contentSize, context);
}

/** Text vectors of the untuned language model, standardised; 0 for an item without words. */
async function modelContent(
  { items, hash }: ColdStartTraining,
  context: RunContext,
): Promise<{ content: ItemContent; key: string }> {
  const model = await context.llm();
  const { value, key } = await context.stages.run({
    name: "content",
    version: 1,
    inputs: { model: model.identity.hash, data: hash },
    format: contentArtifact(items.keys.length),
    compute: async () => {
      const words = itemsWithWords(items);
      const told = Int32Array.from(items.keys.keys()).filter((item) => words[item] === 1);
      const texts = Array.from(told, (item) => itemInWords(items, item));
      const { width, data } = await model.embed(texts, context);
      const even = scaledAs(data, columnScales(data, width));
      const rows = new Float32Array(items.keys.length * width);
      told.forEach((item, row) => {
        rows.set(even.subarray(row * width, (row + 1) * width), item * width);
      });
      return { size: width, data: rows };
    },
  });
  return { content: value, key };
}

async function wordContent(
  { items, hash }: ColdStartTraining,
  contentSize: number,
  context: RunContext,
): Promise<{ content: ItemContent; key: string }> {
  const { value, key } = await context.stages.run({
    name: "content",
    version: 1,
    inputs: { contentSize, data: hash, texts: hashOf({ titles: items.titles, texts: items.texts }) },
    format: contentArtifact(items.keys.length),
    compute: async () => {
      const step = context.progress.start("content: vectors of item text");
      const words = tfidf(items.keys.map((_, item) => itemText(items, item)));
      const random = Random.fromSeed("content");
      const { values, scores } = await truncatedSvd(words, contentSize, random, context.signal);
      step.end();
      if (values.length === 0) {
        throw new DataError("NO_TEXT", "no two items have a word of their text in common", {
          hint: "Models of item text need titles, genres or descriptions.",
        });
      }
      return { size: values.length, data: standardised(scores, values.length) };
    },
  });
  return { content: value, key };
}

/** Mean and standard deviation of every column. */
export interface ColumnScales {
  readonly means: Float64Array;
  readonly deviations: Float64Array;
}

export function columnScales(rows: ArrayLike<number>, size: number): ColumnScales {
  const count = rows.length / size;
  const means = new Float64Array(size);
  const deviations = new Float64Array(size);
  for (let k = 0; k < size; k++) {
    let sum = 0;
    for (let at = k; at < rows.length; at += size) sum += rows[at];
    means[k] = sum / count;
    let squares = 0;
    for (let at = k; at < rows.length; at += size) squares += (rows[at] - means[k]) ** 2;
    deviations[k] = Math.sqrt(squares / count);
  }
  return { means, deviations };
}

/** Every column less the mean, by the deviation, cut off at 5 deviations; a constant column is 0. */
export function scaledAs(rows: ArrayLike<number>, { means, deviations }: ColumnScales): Float32Array {
  const size = means.length;
  return Float32Array.from({ length: rows.length }, (_, at) => {
    const k = at % size;
    const value = deviations[k] > 0 ? (rows[at] - means[k]) / deviations[k] : 0;
    return Math.max(-LIMIT, Math.min(LIMIT, value));
  });
}

/** Every column with mean 0 and variance 1 over the rows, cut off at 5 deviations; a constant column is 0. */
export function standardised(rows: ArrayLike<number>, size: number): Float32Array {
  return scaledAs(rows, columnScales(rows, size));
}

/** The float32 tensor `item_content` [items, size]. @throws DataError BAD_CONTENT. */
function contentArtifact(items: number): ArtifactFormat<ItemContent> {
  return {
    file: "content.safetensors",
    write: (path, { size, data }) => writeSafetensors(path, { item_content: { shape: [items, size], data } }),
    async read(path) {
      return rowsOf(await readSafetensors(path), "item_content", items, { code: "BAD_CONTENT", file: path });
    },
  };
}
