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
const SHARED = ["table", "genreTable", "weights", "genreWeights"] as const;

/** F and d of some fields. */
export function shapeOf({ names, genres }: Fields, width: number): ModelShape {
  return { fields: names.length + (genres > 0 ? 1 : 0), width };
}

/**
 * First values of all of a model's parameters. Embeddings are normal with Xavier's deviation sqrt(2 / (rows + d)); the rows of
 * unknown values are 0.
 */
export function initialParameters<O>(
  model: CtrModel<O>,
  fields: Fields,
  width: number,
  options: O,
  random: Random,
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
    ...model.parameters(shapeOf(fields, width), options, random.fork("model")),
  };
}

/** The logits [B] of a batch as `batches.ts` makes it. */
export function logits<O>(model: CtrModel<O>, parameters: Arrays, batch: Arrays, options: O): np.Array {
  const hasGenres = "genres" in batch;
  const list = (name: string): EmbeddedList => ({
    items: np.take(parameters.table, batch[name], 0),
    mask: batch[`${name}Mask`],
  });
  const input: ModelInput = {
    fields() {
      const single = np.take(parameters.table, batch.fields, 0);
      if (!hasGenres) return single;
      const genres = np.matmul(batch.genres, parameters.genreTable);
      return np.concatenate([single, np.expandDims(genres, 1)], 1);
    },
    linear() {
      const single = np.sum(np.take(parameters.weights, batch.fields, 0), -1);
      const sum = np.add(single, parameters.bias);
      return hasGenres ? np.add(sum, np.matmul(batch.genres, parameters.genreWeights)) : sum;
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
