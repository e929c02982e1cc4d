import type { LoraAdapter, LoraOptions } from "../../adapter/lora.js";
import type { GaeOptions } from "./gae.js";
import type { KlControl } from "./kl-control.js";
import type { PpoLossOptions, ValueHead } from "./policy.js";
import type { PpoAnswer } from "./rollout.js";

/**
 * Scores of answers, one for each, higher is better. It is called with the model's adapter off, so that a reward may ask the frozen
 * base itself.
 */
export type Reward = (
  answers: readonly PpoAnswer[],
  step: number,
) => ArrayLike<number> | Promise<ArrayLike<number>>;

export interface KlOptions extends KlControl {
  /** The first price of a nat of KL. */
  readonly coefficient: number;
  /** Mean KL of a step's answers, in nats, at which the run is stopped. */
  readonly limit: number;
}

export interface PpoSettings extends GaeOptions, PpoLossOptions {
  /** A step's scores are shifted and scaled to mean 0 and variance 1: clipping and KL price are made for scores of about this size. */
  readonly whitenScores: boolean;
  /** Passes over the answers of a step. */
  readonly epochs: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Gradients of adapter and value head together are scaled down to this norm. */
  readonly clipNorm: number;
  readonly kl: KlOptions;
}

/** TRL's, but for the clipping of gradients (TRL: none) and the limit of the KL (TRL: none), which is ten times its target. */
const PPO_DEFAULTS: PpoSettings = {
  gamma: 1,
  lambda: 0.95,
  clip: 0.2,
  valueClip: 0.2,
  valueCoefficient: 0.1,
  whitenScores: false,
  epochs: 4,
  learningRate: 1.41e-5,
  weightDecay: 0,
  clipNorm: 1,
  kl: { coefficient: 0.2, target: 6, horizon: 10_000, limit: 60 },
};

/** Settings whole: what is not given is the default. */
export function ppoSettings(
  options: Partial<Omit<PpoSettings, "kl">> & { readonly kl?: Partial<KlOptions> },
): PpoSettings {
  return { ...PPO_DEFAULTS, ...options, kl: { ...PPO_DEFAULTS.kl, ...options.kl } };
}

export interface PpoOptions extends Partial<Omit<PpoSettings, "kl">> {
  readonly kl?: Partial<KlOptions>;
  /** A new adapter's; unused with `start`. Its dropout is 0: with dropout the ratios would be noise. */
  readonly lora: LoraOptions;
  /** Rounds of drawing answers and learning from them. */
  readonly steps: number;
  /** Answers of a step. */
  readonly batchSize: number;
  /** Answers of a gradient step. */
  readonly miniBatch: number;
  readonly maxNewTokens: number;
  /** An answer ends before the first of these texts. */
  readonly stop?: readonly string[];
  readonly threads?: number;
  /** Go on with this policy; default a new adapter and a value head of zeros. The KL is to the base in any case. */
  readonly start?: { readonly adapter: LoraAdapter; readonly valueHead?: ValueHead };
  /** File for a line of `PpoHealth` a step (JSON lines). */
  readonly health?: string;
  /** Folder for checkpoints; a run that was stopped goes on from there to the same bytes. */
  readonly checkpoint?: {
    readonly folder: string;
    /** Whatever the rewards depend on. */
    readonly identity?: unknown;
  };
}
