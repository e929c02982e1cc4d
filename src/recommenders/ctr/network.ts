import { numpy as np } from "@jax-js/jax";
import type { Random } from "../../core/random.js";
import { square } from "../../engine/nn/activations.js";
import { float32, zeros } from "../../engine/run/tensor.js";
import type { Fields } from "./fields.js";
import type { Arrays, CtrModel, EmbeddedList, ModelInput, ModelShape, Parameters } from "./model.js";

/**
 * The names of embeddings and first-order weights among all parameters; a model's own names have another form. `table` [rows, d] and
 * `weights` [rows] are common to all single-valued fields.
 */
const SHARED = ["table", "genreTable", "textTable", "weights", "genreWeights", "textWeights"] as const;

/** F and d of some fields, with one more where there is a text. */
export function shapeOf({ names, genres }: Fields, width: number, textWidth = 0): ModelShape {
  return { fields: names.length + (genres > 0 ? 1 : 0) + (textWidth > 0 ? 1 : 0), width };
}

/**
 * First values of all of a model's parameters. Embeddings are normal with Xavier's deviation sqrt(2 / (rows + d)); the rows of
 * unknown values are 0. A text's vector is mapped to an embedding by `textTable` [textWidth, d] (W t of ExpCTR), without a bias.
 */
export function initialParameters<O>(
  model: CtrModel<O>,
  fields: Fields,
  width: number,
  options: O,
  random: Random,
  textWidth = 0,
): Parameters {
  const { embeddings, linear } = model.uses;
  const table = (name: string, rows: number, columns: number, unknown: readonly number[] = []) => {
    const data = random.fork(name).normals(rows * columns, Math.sqrt(2 / (rows + columns)));
    for (const row of unknown) data.fill(0, row * columns, (row + 1) * columns);
    return data;
  };
  const { rows, genres, offsets } = fields;
  return {
    ...(embeddings ? { table: float32(table("table", rows, width, offsets), [rows, width]) } : {}),
    ...(embeddings && genres > 0
      ? { genreTable: float32(table("genres", genres, width), [genres, width]) }
      : {}),
    ...(linear ? { weights: float32(table("weights", rows, 1, offsets)), bias: zeros("float32", [1]) } : {}),
    ...(linear && genres > 0 ? { genreWeights: float32(table("genre weights", genres, 1)) } : {}),
    ...(embeddings && textWidth > 0
      ? { textTable: float32(table("text", textWidth, width), [textWidth, width]) }
      : {}),
    ...(linear && textWidth > 0 ? { textWeights: zeros("float32", [textWidth]) } : {}),
    ...model.parameters(shapeOf(fields, width, textWidth), options, random.fork("model")),
  };
}

/** The logits [B] of a batch as `batches.ts` makes it. */
export function logits<O>(model: CtrModel<O>, parameters: Arrays, batch: Arrays, options: O): np.Array {
  const hasGenres = "genres" in batch;
  const hasText = "text" in batch;
  const list = (name: string): EmbeddedList => ({
    items: np.take(parameters.table, batch[name], 0),
    mask: batch[`${name}Mask`],
  });
  const input: ModelInput = {
    fields() {
      const single = np.take(parameters.table, batch.fields, 0);
      const dense = [
        ...(hasGenres ? [np.matmul(batch.genres, parameters.genreTable)] : []),
        ...(hasText ? [np.matmul(batch.text, parameters.textTable)] : []),
      ];
      if (dense.length === 0) return single;
      return np.concatenate([single, ...dense.map((field) => np.expandDims(field, 1))], 1);
    },
    linear() {
      const single = np.sum(np.take(parameters.weights, batch.fields, 0), -1);
      let sum = np.add(single, parameters.bias);
      if (hasGenres) sum = np.add(sum, np.matmul(batch.genres, parameters.genreWeights));
      return hasText ? np.add(sum, np.matmul(batch.text, parameters.textWeights)) : sum;
    },
    history: () => ({
      target: np.take(parameters.table, batch.target, 0),
      liked: list("liked"),
      disliked: list("disliked"),
    }),
    dropout: (n, x) => (`dropout${n}` in batch ? np.multiply(x, batch[`dropout${n}`]) : x),
  };
  return model.logit(parameters, input, options);
}

/** Half the squared length of embeddings and first-order weights (not the bias). */
export function halfSquares(parameters: Arrays): np.Array {
  const parts = SHARED.filter((name) => name in parameters).map((name) => np.sum(square(parameters[name])));
  return np.multiply(
    parts.reduce((sum, part) => np.add(sum, part)),
    0.5,
  );
}
