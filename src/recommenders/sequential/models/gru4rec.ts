import { gru } from "../../../engine/nn/gru.js";
import { zeros } from "../../../engine/run/tensor.js";
import { dense, denseParameters, xavier } from "../../ctr/layers.js";
import type { SequenceModel } from "../model.js";
import { atPlaces } from "../network.js";
import type { Gru4RecOptions } from "../options.js";

/**
 * GRU4Rec (Hidasi et al., ICLR 2016) as in RecBole: item embeddings with dropout, one gated recurrent layer, and a dense
 * layer from the state after an item back to an embedding; trained with cross-entropy in place of sampled losses.
 */
export const gru4rec: SequenceModel<Gru4RecOptions> = {
  usesUser: false,
  padding: "after",
  isCausal: true,
  length: (_options, longest) => longest,
  deviation: (rows, { embedding }) => Math.sqrt(2 / (rows + embedding)),
  parameters: ({ width }, { hidden }, random) => ({
    inputWeight: xavier(random.fork("input"), width, 3 * hidden),
    hiddenWeight: xavier(random.fork("hidden"), hidden, 3 * hidden),
    inputBias: zeros("float32", [3 * hidden]),
    hiddenBias: zeros("float32", [3 * hidden]),
    ...denseParameters("out", hidden, width, random),
  }),
  dropouts: ({ length, width }) => [[length, width]],
  encode(p, input) {
    const { inputWeight, hiddenWeight, inputBias, hiddenBias } = p;
    const states = gru(input.dropout(0, input.items), { inputWeight, hiddenWeight, inputBias, hiddenBias });
    return dense(p, "out", atPlaces(states, input.places));
  },
};
