import type { Kernels } from "./memory.js";

/** The arrays of one parameter, or of some of its rows: byte addresses in the training memory. */
export interface UpdateArrays {
  readonly parameter: number;
  readonly gradient: number;
  /** The optimiser's own arrays, by name. */
  readonly slots: Readonly<Record<string, number>>;
  /** How many numbers each has. */
  readonly count: number;
}

export interface UpdateSettings {
  /** The step, counted from 1. */
  readonly step: number;
  readonly learningRate: number;
  /** What the gradient is multiplied with first: the clipping. */
  readonly scale: number;
  /** Whether weight decay applies. */
  readonly decays: boolean;
}

/** How gradients change parameters, in place. */
export interface Optimizer {
  readonly name: string;
  /** Everything that its results depend on, for checkpoints. */
  readonly options: Readonly<Record<string, number>>;
  readonly learningRate: number;
  /** Names of the arrays kept for each parameter, of its shape, zero at first. */
  readonly slots: readonly string[];
  update(kernels: Kernels, arrays: UpdateArrays, settings: UpdateSettings): void;
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
    update(kernels, { parameter, gradient, slots, count }, { learningRate: rate, scale, decays }) {
      const l2 = decays ? weightDecay : 0;
      if (momentum === 0) kernels.sgd(parameter, gradient, count, scale, l2, rate);
      else kernels.momentum(parameter, slots.momentum, gradient, count, scale, l2, momentum, rate);
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
  /** Default 0. In `adam` it is added to the gradient, in `adamW` it shrinks the parameter. */
  weightDecay?: number;
}

/** Adam as PyTorch's `Adam` (Kingma & Ba 2015): weight decay, if any, is part of the gradient. */
export function adam(options: AdamOptions): Optimizer {
  return adamLike("adam", options, false);
}

/** Adam with decoupled weight decay as PyTorch's `AdamW` (Loshchilov & Hutter 2019): w -= lr weightDecay w, beside Adam's step. */
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
    update(kernels, { parameter, gradient, slots, count }, { step, learningRate: rate, scale, decays }) {
      const decay = decays ? weightDecay : 0;
      kernels.adam(
        parameter,
        slots.m,
        slots.v,
        gradient,
        count,
        scale,
        decoupled ? 0 : decay,
        decoupled ? 1 - rate * decay : 1,
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        1 / Math.sqrt(1 - beta2 ** step),
        epsilon,
        rate / (1 - beta1 ** step),
      );
    },
  };
}
