import { numpy as np } from "@jax-js/jax";
import { sigmoid } from "../../../engine/nn/activations.js";
import { dense, denseParameters, denseScalar, flatten, mlp, mlpInputs, mlpParameters } from "../layers.js";
import type { Arrays, CtrModel, EmbeddedList, Parameters } from "../model.js";
import type { DinOptions } from "../options.js";

/**
 * Each item h of a history is weighed against the target t by a small network of [h, t, h - t, h * t] (sigmoid layers); the
 * weighted sum of the items, without softmax as in the paper, joins the fields in an MLP. Liked and disliked histories have
 * networks of their own. ReLU in place of the paper's Dice.
 */
export const din: CtrModel<DinOptions> = {
  uses: { embeddings: true, linear: false, history: true },
  parameters({ fields, width }, { hidden, attention }, random) {
    const unit = (list: string): Parameters =>
      [...attention, 1].reduce<Parameters>(
        (all, count, n) => ({
          ...all,
          ...denseParameters(`${list}${n}`, n === 0 ? 4 * width : attention[n - 1], count, random),
        }),
        {},
      );
    const inputs = (fields + 2) * width;
    return {
      ...unit("liked"),
      ...unit("disliked"),
      ...mlpParameters(inputs, hidden, random),
      ...denseParameters("out", hidden.at(-1) ?? inputs, 1, random),
    };
  },
  dropouts: ({ fields, width }, { hidden }) => mlpInputs((fields + 2) * width, hidden),
  logit(p, input, { hidden, attention }) {
    const { target, liked, disliked } = input.history();
    const x = np.concatenate(
      [
        flatten(input.fields()),
        pooled(p, "liked", target, liked, attention.length),
        pooled(p, "disliked", target, disliked, attention.length),
      ],
      -1,
    );
    return denseScalar(p, "out", mlp(p, x, hidden, input));
  },
};

/** The weighted sum of a list's items [B, d]. */
function pooled(
  p: Arrays,
  name: string,
  target: np.Array,
  { items, mask }: EmbeddedList,
  layers: number,
): np.Array {
  const [batch, length, width] = items.shape;
  const t = np.broadcastTo(np.expandDims(target, 1), [batch, length, width]);
  let x = np.concatenate([items, t, np.subtract(items, t), np.multiply(items, t)], -1);
  for (let n = 0; n < layers; n++) x = sigmoid(dense(p, `${name}${n}`, x));
  const weights = np.multiply(denseScalar(p, `${name}${layers}`, x), mask);
  return np.sum(np.multiply(np.expandDims(weights, -1), items), 1);
}
