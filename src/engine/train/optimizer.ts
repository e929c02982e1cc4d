import { numpy as np } from "@jax-js/jax";
import { square } from "../nn/activations.js";

/** What one step's update depends on besides the arrays: computed by the host, in double precision. */
export interface StepFactors {
  /** The step, counted from 1. */
  readonly step: number;
  readonly learningRate: number;
}

export interface ParameterUpdate {
  readonly parameter: np.Array;
  /** The optimiser's own arrays of this parameter, by name. */
  readonly slots: Readonly<Record<string, np.Array>>;
}

/** How gradients change parameters. */
export interface Optimizer {
  readonly name: string;
  /** Everything that its results depend on, for checkpoints. */
  readonly options: Readonly<Record<string, number>>;
  readonly learningRate: number;
  /** Names of the arrays kept for each parameter, of its shape, zero at first. */
  readonly slots: readonly string[];
  /** The scalars that enter the graph at a step, by name. */
  factors(at: StepFactors): Readonly<Record<string, number>>;
  /** One parameter's update, traced into the step's graph. */
  update(
    now: ParameterUpdate,
    gradient: np.Array,
    factors: Readonly<Record<string, np.Array>>,
    decays: boolean,
  ): ParameterUpdate;
}

export interface SgdOptions {
  learningRate: number;
  /** Default 0: none. */
  momentum?: number;
  /** Added to the gradient, times the parameter; default 0. */
  weightDecay?: number;
}

/** Stochastic gradient descent as PyTorch's `SGD`: b = momentum b + g, w -= lr b. */
export function sgd({ learningRate, momentum = 0, weightDecay = 0 }: SgdOptions): Optimizer {
  return {
    name: "sgd",
    options: { learningRate, momentum, weightDecay },
    learningRate,
    slots: momentum === 0 ? [] : ["momentum"],
    factors: ({ learningRate: rate }) => ({ rate }),
    update({ parameter, slots }, gradient, { rate }, decays): ParameterUpdate {
      const g = decays ? withDecay(gradient, parameter, weightDecay) : gradient;
      if (momentum === 0) return { parameter: descend(parameter, rate, g), slots: {} };
      const velocity = np.add(np.multiply(slots.momentum, momentum), g);
      return { parameter: descend(parameter, rate, velocity), slots: { momentum: velocity } };
    },
  };
}

export interface AdamOptions {
  learningRate: number;
  /** Decay of the first moment; default 0.9. */
  beta1?: number;
  /** Decay of the second moment; default 0.999. */
  beta2?: number;
  /** Default 1e-8. */
  epsilon?: number;
  /** Default 0. In `adam` it is added to the gradient, in `adamW` it shrinks the parameter (Loshchilov & Hutter 2019). */
  weightDecay?: number;
}

/** Adam as PyTorch's `Adam` (Kingma & Ba 2015): weight decay, if any, is part of the gradient. */
export function adam(options: AdamOptions): Optimizer {
  return adamLike("adam", options, false);
}

/** Adam with decoupled weight decay as PyTorch's `AdamW`: w -= lr weightDecay w, beside Adam's step. */
export function adamW(options: AdamOptions): Optimizer {
  return adamLike("adamw", options, true);
}

function adamLike(
  name: string,
  { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamOptions,
  decoupled: boolean,
): Optimizer {
  return {
    name,
    options: { learningRate, beta1, beta2, epsilon, weightDecay },
    learningRate,
    slots: ["m", "v"],
    factors: ({ step, learningRate: rate }) => ({
      stepSize: rate / (1 - beta1 ** step),
      rootScale: 1 / Math.sqrt(1 - beta2 ** step),
      keep: 1 - rate * weightDecay,
    }),
    update({ parameter, slots }, gradient, { stepSize, rootScale, keep }, decays) {
      const hasDecay = decays && weightDecay !== 0;
      const g = hasDecay && !decoupled ? withDecay(gradient, parameter, weightDecay) : gradient;
      const w = hasDecay && decoupled ? np.multiply(parameter, keep) : parameter;
      const m = np.add(np.multiply(slots.m, beta1), np.multiply(g, 1 - beta1));
      const v = np.add(np.multiply(slots.v, beta2), np.multiply(square(g), 1 - beta2));
      const root = np.add(np.multiply(np.sqrt(v), rootScale), epsilon);
      return { parameter: descend(w, stepSize, np.divide(m, root)), slots: { m, v } };
    },
  };
}

function withDecay(gradient: np.Array, parameter: np.Array, weightDecay: number): np.Array {
  return weightDecay === 0 ? gradient : np.add(gradient, np.multiply(parameter, weightDecay));
}

function descend(parameter: np.Array, rate: np.Array, direction: np.Array): np.Array {
  return np.subtract(parameter, np.multiply(direction, rate));
}
