import { DataError } from "../../core/errors.js";
import { hashTexts } from "../../core/hash.js";
import { readSafetensors, writeSafetensors } from "../../core/safetensors.js";
import type { ArtifactFormat } from "../../core/stages.js";
import type { CallContext, LanguageModel, Vectors } from "../../llm/language-model.js";
import type { RunContext } from "../../recommenders/recommender.js";

/**
 * The model's mean state over each text, in the order of the texts; zeros for an empty text. Equal texts are encoded once.
 * @param known - the width of a vector, where it is known: then all texts may be empty.
 */
export async function embedTexts(
  model: LanguageModel,
  texts: readonly string[],
  context: CallContext,
  known?: number,
): Promise<Vectors> {
  const distinct = [...new Set(texts)].filter((text) => text !== "");
  if (distinct.length === 0) {
    if (known !== undefined) {
      return { rows: texts.length, width: known, data: new Float32Array(texts.length * known) };
    }
    throw new DataError("NO_TEXT", `all ${texts.length} texts are empty: there is nothing to embed`);
  }
  const { width, data } = await model.embed(distinct, context);
  const rowOf = new Map(distinct.map((text, row) => [text, row]));
  const all = new Float32Array(texts.length * width);
  texts.forEach((text, n) => {
    const row = rowOf.get(text);
    if (row !== undefined) all.set(data.subarray(row * width, (row + 1) * width), n * width);
  });
  return { rows: texts.length, width, data: all };
}

/** The stage `vectors`: {@link embedTexts}, kept. */
export async function textVectors(
  model: LanguageModel,
  texts: readonly string[],
  context: RunContext,
): Promise<Vectors> {
  const { value } = await context.stages.run({
    name: "vectors",
    version: 1,
    inputs: { model: model.identity.hash, texts: hashTexts(texts) },
    format: vectorsFormat(texts.length),
    compute: () => embedTexts(model, texts, context),
  });
  return value;
}

/** What {@link standardiser} does, for the inputs of whatever depends on it. */
export const TEXT_SCALE = "length 1";

/** Puts vectors on the scale of some of them. */
export type Scaler = (vectors: Vectors) => Vectors;

/**
 * Each dimension less its mean and over its standard deviation, both of the given vectors, and over the square root of the width; a constant
 * dimension becomes 0. So a vector is about as long as the one value of another field, and learnt as fast: with deviation 1 in each of
 * 128 dimensions a network learns texts by heart, and stops before it knows users and items (vectors of pure noise then take DeepFM's AUC on the
 * embedded world from .65 to .51, with length 1 to .64: bench/explainctr/text-scale.ts).
 */
export function standardiser({ rows, width, data }: Vectors): Scaler {
  const mean = new Float64Array(width);
  const square = new Float64Array(width);
  data.forEach((value, at) => (mean[at % width] += value / rows));
  data.forEach((value, at) => (square[at % width] += (value - mean[at % width]) ** 2 / rows));
  const scale = square.map((variance) => (variance > 1e-12 ? 1 / Math.sqrt(variance * width) : 0));
  return (vectors) => ({
    ...vectors,
    data: vectors.data.map((value, at) => (value - mean[at % width]) * scale[at % width]),
  });
}

function vectorsFormat(rows: number): ArtifactFormat<Vectors> {
  return {
    file: "vectors.safetensors",
    write: (path, { width, data }) => writeSafetensors(path, { vectors: { shape: [rows, width], data } }),
    async read(path) {
      const found = (await readSafetensors(path)).vectors as
        { shape: readonly number[]; data: unknown } | undefined;
      if (!(found?.data instanceof Float32Array) || found.shape.length !== 2 || found.shape[0] !== rows) {
        throw new DataError("BAD_VECTORS", `expected float32 "vectors" [${rows}, width]`, { file: path });
      }
      return { rows, width: found.shape[1], data: found.data };
    },
  };
}
