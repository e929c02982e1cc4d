import { numpy as np, valueAndGrad } from "@jax-js/jax";
import { square } from "../nn/activations.js";
import type { Optimizer } from "./optimizer.js";
import { mapValues, prefixed, unprefixed } from "./state.js";

/** Arrays by name. */
export type Arrays = Readonly<Record<string, np.Array>>;

/** A scalar loss, alone or with scalars to watch. */
export type LossResult = np.Array | { readonly loss: np.Array; readonly metrics: Arrays };

/** The loss as a function of flat records. */
export type FlatLoss = (parameters: Arrays, batch: Arrays, fixed: Arrays) => LossResult;

/** Prefixes of the names of a step's inputs and outputs. */
export const PARAMETER = "parameter:";
export const BATCH = "batch:";
export const FIXED = "fixed:";
export const FACTOR = "factor:";
export const METRIC = "metric:";
/** Sums of gradients over the parts of a batch. */
export const SUM = "sum:";
export const slotPrefix = (slot: string): string => `slot.${slot}:`;

interface Differentiated {
  readonly loss: np.Array;
  readonly metrics: Arrays;
  readonly gradients: Arrays;
}

function differentiate(loss: FlatLoss, inputs: Arrays): Differentiated {
  const batch = unprefixed(BATCH, inputs);
  const fixed = unprefixed(FIXED, inputs);
  const withMetrics = (parameters: Record<string, np.Array>): [np.Array, Record<string, np.Array>] => {
    const result = loss(parameters, batch, fixed);
    const scalar = "metrics" in result ? result.loss : result;
    if (scalar.shape.length > 0)
      throw new TypeError(`the loss has the shape [${scalar.shape.join(", ")}], not that of a scalar`);
    return [scalar, "metrics" in result ? { ...result.metrics } : {}];
  };
  const [[value, metrics], gradients] = valueAndGrad(withMetrics, { hasAux: true })(
    unprefixed(PARAMETER, inputs),
  ) as unknown as [[np.Array, Arrays], Arrays];
  return { loss: value, metrics, gradients };
}

export interface UpdateRule {
  readonly optimizer: Optimizer;
  readonly clipNorm: number | undefined;
  readonly decays: (name: string) => boolean;
}

/** All parameters' updates, and the norm of each gradient in the order of the parameters. */
function updateAll({ optimizer, clipNorm, decays }: UpdateRule, inputs: Arrays, gradients: Arrays): Arrays {
  const parameters = unprefixed(PARAMETER, inputs);
  const factors = unprefixed(FACTOR, inputs);
  const squares = Object.keys(parameters).map((name) => np.sum(square(gradients[name])));
  const norms = np.sqrt(np.stack(squares));
  let scale: np.Array | undefined;
  if (clipNorm !== undefined) {
    // PyTorch's clip_grad_norm_: the 1e-6 is its own.
    const total = np.sqrt(np.sum(square(norms)));
    scale = np.minimum(np.divide(clipNorm, np.add(total, 1e-6)), 1);
  }
  const outputs: Record<string, np.Array> = { norms };
  for (const [name, parameter] of Object.entries(parameters)) {
    const slots = Object.fromEntries(optimizer.slots.map((slot) => [slot, inputs[slotPrefix(slot) + name]]));
    const gradient = scale === undefined ? gradients[name] : np.multiply(gradients[name], scale);
    const updated = optimizer.update({ parameter, slots }, gradient, factors, decays(name));
    outputs[PARAMETER + name] = updated.parameter;
    for (const slot of optimizer.slots) outputs[slotPrefix(slot) + name] = updated.slots[slot];
  }
  return outputs;
}

/** A whole step: loss, gradients and update in one graph. */
export function stepGraph(loss: FlatLoss, rule: UpdateRule): (inputs: Arrays) => Arrays {
  return (inputs) => {
    const { loss: value, metrics, gradients } = differentiate(loss, inputs);
    return { loss: value, ...prefixed(METRIC, metrics), ...updateAll(rule, inputs, gradients) };
  };
}

/** One part of a batch: its weighted gradients are added to the sums. */
export function partGraph(loss: FlatLoss): (inputs: Arrays) => Arrays {
  return (inputs) => {
    const { loss: value, metrics, gradients } = differentiate(loss, inputs);
    const weight = inputs[`${FACTOR}weight`];
    const sums = mapValues(gradients, (gradient, name) =>
      np.add(inputs[SUM + name], np.multiply(gradient, weight)),
    );
    return { loss: value, ...prefixed(METRIC, metrics), ...prefixed(SUM, sums) };
  };
}

/** The update after all parts. */
export function applyGraph(rule: UpdateRule): (inputs: Arrays) => Arrays {
  return (inputs) => updateAll(rule, inputs, unprefixed(SUM, inputs));
}

/** The loss and the metrics alone. */
export function lossGraph(loss: FlatLoss): (inputs: Arrays) => Arrays {
  return (inputs) => {
    const result = loss(unprefixed(PARAMETER, inputs), unprefixed(BATCH, inputs), unprefixed(FIXED, inputs));
    return "metrics" in result
      ? { loss: result.loss, ...prefixed(METRIC, result.metrics) }
      : { loss: result };
  };
}
