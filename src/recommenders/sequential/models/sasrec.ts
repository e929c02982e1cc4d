import { numpy as np } from "@jax-js/jax";
import type { Random } from "../../../core/random.js";
import { gelu } from "../../../engine/nn/activations.js";
import { causalMask, MASKED, mergeHeads, splitHeads } from "../../../engine/nn/attention.js";
import { softmax } from "../../../engine/nn/activations.js";
import { layerNorm } from "../../../engine/nn/norms.js";
import { float32, zeros } from "../../../engine/run/tensor.js";
import { dense } from "../../ctr/layers.js";
import type { Arrays, Parameters, SequenceInput, SequenceModel } from "../model.js";
import { atPlaces } from "../network.js";
import type { SasRecOptions } from "../options.js";

/** Of every first weight, as in BERT and RecBole. */
const DEVIATION = 0.02;
const EPSILON = 1e-12;

/**
 * SASRec (Kang and McAuley, ICDM 2018) as in RecBole: item and position embeddings, layers of causal self-attention and a
 * feed-forward network, each followed by dropout, the residual and a layer norm, GELU. The vector is the state at the last item before the
 * target: the last layer is therefore computed at those places alone.
 */
export const sasrec: SequenceModel<Pick<SasRecOptions, "layers" | "heads" | "inner">> = {
  usesUser: false,
  padding: "after",
  isCausal: true,
  length: (_options, longest) => longest,
  deviation: () => DEVIATION,
  parameters({ length, width }, { layers, inner }, random) {
    const parameters: Record<string, Parameters[string]> = {
      positions: float32(random.fork("positions").normals(length * width, DEVIATION), [length, width]),
      ...norm("norm", width),
    };
    for (let n = 0; n < layers; n++) {
      for (const name of ["query", "key", "value", "out"])
        Object.assign(parameters, linear(`${name}${n}`, width, width, random));
      Object.assign(parameters, norm(`attentionNorm${n}`, width), norm(`innerNorm${n}`, width));
      Object.assign(parameters, linear(`inner${n}`, width, inner, random));
      Object.assign(parameters, linear(`outer${n}`, inner, width, random));
    }
    return parameters;
  },
  dropouts: ({ length, queries, width }, { layers, heads }) => [
    [length, width],
    ...Array.from({ length: layers }, (_, n) => (n === layers - 1 ? queries : length)).flatMap((rows) => [
      [heads, rows, length],
      [rows, width],
      [rows, width],
    ]),
  ],
  encode(p, input, { layers, heads }) {
    const [, length] = input.known.shape;
    const embedded = normed(p, "norm", np.add(input.items, p.positions));
    let x = input.dropout(0, embedded);
    const causal = np.array(causalMask(length), { dtype: np.float32 }).reshape([1, 1, length, length]);
    for (let n = 0; n < layers - 1; n++) x = layer(p, n, x, x, causal, heads, input);
    const ahead = np.greater(np.arange(length).astype(np.int32), np.expandDims(input.places, -1));
    const bias = np.expandDims(np.where(ahead, MASKED, 0), 1);
    return layer(p, layers - 1, atPlaces(x, input.places), x, bias, heads, input);
  },
};

/** One layer at the given places: [B, Q, d] that look at [B, L, d]. */
function layer(
  p: Arrays,
  n: number,
  queries: np.Array,
  x: np.Array,
  bias: np.Array,
  heads: number,
  input: SequenceInput,
): np.Array {
  const mask = 1 + 3 * n;
  const q = splitHeads(dense(p, `query${n}`, queries), heads);
  const k = splitHeads(dense(p, `key${n}`, x), heads);
  const v = splitHeads(dense(p, `value${n}`, x), heads);
  const scale = 1 / Math.sqrt(q.shape[3]);
  const scores = np.add(np.multiply(np.matmul(q, np.transpose(k, [0, 1, 3, 2])), scale), bias);
  const attended = mergeHeads(np.matmul(input.dropout(mask, softmax(scores)), v));
  const attention = input.dropout(mask + 1, dense(p, `out${n}`, attended));
  const y = normed(p, `attentionNorm${n}`, np.add(attention, queries));
  const inner = dense(p, `outer${n}`, gelu(dense(p, `inner${n}`, y)));
  return normed(p, `innerNorm${n}`, np.add(input.dropout(mask + 2, inner), y));
}

function normed(p: Arrays, name: string, x: np.Array): np.Array {
  return layerNorm(x, p[`${name}.weight`], p[`${name}.bias`], EPSILON);
}

function norm(name: string, width: number): Parameters {
  return {
    [`${name}.weight`]: float32(new Float32Array(width).fill(1)),
    [`${name}.bias`]: zeros("float32", [width]),
  };
}

function linear(name: string, inputs: number, outputs: number, random: Random): Parameters {
  return {
    [`${name}.weight`]: float32(random.fork(name).normals(inputs * outputs, DEVIATION), [inputs, outputs]),
    [`${name}.bias`]: zeros("float32", [outputs]),
  };
}
