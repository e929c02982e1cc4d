import { type numpy as np, valueAndGrad } from "@jax-js/jax";
import { prefixed, unprefixed } from "./names.js";

/** Arrays by name. */
export type Arrays = Readonly<Record<string, np.Array>>;

/** A scalar loss, alone or with scalars to watch. */
export type LossResult = np.Array | { readonly loss: np.Array; readonly metrics: Arrays };

/** The loss as a function of flat records. */
export type FlatLoss = (parameters: Arrays, batch: Arrays, fixed: Arrays) => LossResult;

/** Prefixes of the names of a graph's inputs and outputs. */
export const PARAMETER = "parameter:";
export const BATCH = "batch:";
export const FIXED = "fixed:";
export const METRIC = "metric:";
export const GRADIENT = "gradient:";

function parts(result: LossResult): { loss: np.Array; metrics: Arrays } {
  const { loss, metrics } = "metrics" in result ? result : { loss: result, metrics: {} };
  if (loss.shape.length > 0) {
    throw new TypeError(`the loss has the shape [${loss.shape.join(", ")}], not that of a scalar`);
  }
  return { loss, metrics };
}

/** Loss, metrics and gradients. */
export function gradientGraph(loss: FlatLoss): (inputs: Arrays) => Arrays {
  return (inputs) => {
    const batch = unprefixed(BATCH, inputs);
    const fixed = unprefixed(FIXED, inputs);
    const withMetrics = (parameters: Record<string, np.Array>): [np.Array, Record<string, np.Array>] => {
      const result = parts(loss(parameters, batch, fixed));
      return [result.loss, { ...result.metrics }];
    };
    const [[value, metrics], gradients] = valueAndGrad(withMetrics, { hasAux: true })(
      unprefixed(PARAMETER, inputs),
    ) as unknown as [[np.Array, Arrays], Arrays];
    return { loss: value, ...prefixed(METRIC, metrics), ...prefixed(GRADIENT, gradients) };
  };
}

/** Loss and metrics alone. */
export function lossGraph(loss: FlatLoss): (inputs: Arrays) => Arrays {
  return (inputs) => {
    const [parameters, batch, fixed] = [PARAMETER, BATCH, FIXED].map((prefix) => unprefixed(prefix, inputs));
    const result = parts(loss(parameters, batch, fixed));
    return { loss: result.loss, ...prefixed(METRIC, result.metrics) };
  };
}
