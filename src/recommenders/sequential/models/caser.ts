import { numpy as np } from "@jax-js/jax";
import { relu } from "../../../engine/nn/activations.js";
import { flatten, dense, denseParameters, xavier } from "../../ctr/layers.js";
import type { Arrays, Parameters, SequenceModel } from "../model.js";
import type { CaserOptions } from "../options.js";

/**
 * Caser (Tang and Wang, WSDM 2018) as in RecBole: the last L items as an image [L, d]; horizontal filters over every number of
 * rows, the largest answer of each; vertical filters, weighted sums of the rows; a dense layer; then the user's embedding and
 * another dense layer. Short histories are padded with zeros in front.
 */
export const caser: SequenceModel<CaserOptions> = {
  usesUser: true,
  padding: "before",
  isCausal: false,
  length: ({ length }, longest) => Math.min(length, longest),
  deviation: (_rows, { embedding }) => 1 / embedding,
  parameters({ length, width }, { horizontal, vertical }, random) {
    const filters: Record<string, Parameters[string]> = {};
    for (let height = 1; height <= length; height++)
      Object.assign(filters, denseParameters(`horizontal${height}`, height * width, horizontal, random));
    return {
      ...filters,
      vertical: xavier(random.fork("vertical"), length, vertical),
      ...denseParameters("sequence", vertical * width + length * horizontal, width, random),
      ...denseParameters("out", 2 * width, width, random),
    };
  },
  dropouts: ({ length, width }, { horizontal, vertical }) => [[vertical * width + length * horizontal]],
  encode(p, input) {
    const [, length] = input.known.shape;
    const heights = Array.from({ length }, (_, n) => n + 1);
    const down = np.matmul(np.transpose(input.items, [0, 2, 1]), p.vertical);
    const across = heights.map((height) => horizontal(p, input.items, height));
    const sequence = input.dropout(0, np.concatenate([flatten(down), ...across], -1));
    const vector = relu(dense(p, "sequence", sequence));
    return np.expandDims(relu(dense(p, "out", np.concatenate([vector, input.user()], -1))), 1);
  },
};

/** Filters over `height` rows at every place, as one product, and their largest answers [B, filters]. */
function horizontal(p: Arrays, items: np.Array, height: number): np.Array {
  const [batch, length, width] = items.shape;
  const rows = np.split(items, length, 1).map((row) => np.reshape(row, [batch, width]));
  const places = Array.from({ length: length - height + 1 }, (_, from) =>
    np.concatenate(rows.slice(from, from + height), -1),
  );
  return np.max(relu(dense(p, `horizontal${height}`, np.stack(places, 1))), 1);
}
