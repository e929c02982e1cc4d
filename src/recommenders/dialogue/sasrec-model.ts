import { numpy as np } from "@jax-js/jax";
import { throwIfInterrupted } from "../../core/errors.js";
import { program } from "../../engine/run/program.js";
import { float32, int32, type Tensor } from "../../engine/run/tensor.js";
import { dropoutMask } from "../sequential/examples.js";
import { sasrec } from "../sequential/models/sasrec.js";
import {
  type HistoryArrays,
  type HistoryModel,
  type HistoryScorer,
  type HistoryWeights,
  popularityBias,
} from "./history-model.js";

/** The sizes of a model. */
export interface SasRecShape {
  readonly embeddingSize: number;
  /** The last so many items named count. */
  readonly history: number;
  readonly layers: number;
  readonly heads: number;
  /** Width of the feed-forward layer. */
  readonly inner: number;
  /** Share of what is dropped in training, to 1/256. */
  readonly dropout: number;
}

/** Cases that are scored at once. */
const SCORING_BATCH = 256;

/**
 * SASRec (Kang and McAuley, ICDM 2018), the network of the task `controlled-list`, on the items named in the order of their first mention.
 * A vector of its own stands before the first, as in Reindex-Then-Adapt's code: a dialogue that names nothing has a state as well, and
 * v is the state at the last item named.
 */
export function sasRecModel(shape: SasRecShape): HistoryModel {
  const { embeddingSize: width, history, dropout } = shape;
  const length = history + 1;
  const sizes = { length, queries: 1, width };
  const masks = Math.round(dropout * 256) === 0 ? [] : sasrec.dropouts(sizes, shape);
  const model: HistoryModel = {
    id: "sasrec",
    initial(counts, random) {
      const deviation = sasrec.deviation(counts.length, shape);
      return {
        embeddings: float32(random.fork("items").normals(counts.length * width, deviation), [
          counts.length,
          width,
        ]),
        bias: popularityBias(counts),
        start: float32(random.fork("start").normals(width, deviation)),
        ...(sasrec.parameters(sizes, shape, random.fork("model")) as HistoryWeights),
      };
    },
    // `items`, `known` [size, length]: the first place is the start's; `places` [size, 1]: of the last item named.
    inputs(histories, size, random) {
      const items = new Int32Array(size * length);
      const known = new Float32Array(size * length);
      const places = new Int32Array(size);
      histories.forEach((mentioned, row) => {
        const last = mentioned.slice(-history);
        const from = row * length + 1;
        items.set(last, from);
        known.fill(1, from, from + last.length);
        places[row] = last.length;
      });
      const dropouts = random === undefined ? [] : masks;
      return {
        items: int32(items, [size, length]),
        known: float32(known, [size, length]),
        places: int32(places, [size, 1]),
        ...Object.fromEntries(
          dropouts.map((part, n): [string, Tensor] => [
            `dropout${n}`,
            dropoutMask([size, ...part], dropout, random!),
          ]),
        ),
      };
    },
    vectors(weights, inputs) {
      const isStart = np
        .array(
          Array.from({ length }, (_, place) => (place === 0 ? 1 : 0)),
          { dtype: np.float32 },
        )
        .reshape([length, 1]);
      const named = np.multiply(
        np.take(weights.embeddings, inputs.items, 0),
        np.expandDims(inputs.known, -1),
      );
      const states = sasrec.encode(
        weights,
        {
          items: np.add(named, np.multiply(isStart, weights.start)),
          known: inputs.known,
          places: inputs.places,
          user: () => {
            throw new Error("SASRec has no users");
          },
          dropout: (n, x) => (`dropout${n}` in inputs ? np.multiply(x, inputs[`dropout${n}`]) : x),
        },
        shape,
      );
      return np.squeeze(states, 1);
    },
    decays: (name) => name === "embeddings",
    scorer: () => batchScorer(model),
  };
  return model;
}

/** Scores in batches of one shape, so that one graph is compiled. */
function batchScorer(model: HistoryModel): HistoryScorer {
  const forward = program(({ weights, inputs }: { weights: HistoryArrays; inputs: HistoryArrays }) => ({
    scores: np.add(np.matmul(model.vectors(weights, inputs), np.transpose(weights.embeddings)), weights.bias),
  }));
  return {
    async score(weights, cases, signal) {
      const items = weights.bias.data.length;
      const all = new Float32Array(cases.length * items);
      for (let from = 0; from < cases.length; from += SCORING_BATCH) {
        throwIfInterrupted(signal);
        const block = cases.slice(from, from + SCORING_BATCH).map(({ mentioned }) => mentioned);
        const { scores } = await forward.run({ weights, inputs: model.inputs(block, SCORING_BATCH) });
        all.set((scores.data as Float32Array).subarray(0, block.length * items), from * items);
      }
      return all;
    },
    release: () => forward.release(),
  };
}
