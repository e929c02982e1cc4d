import { z } from "zod";
import { CTR_NETWORKS } from "../../recommenders/ctr/recommenders.js";
import { REWARD_FORMS } from "./judge.js";

/** What is shown of a history. */
export const promptOptions = {
  /** Newest liked items in a prompt, and as many disliked ones. */
  shown: z.int().min(0).default(6),
};

export const zeroShotOptions = z.strictObject(promptOptions);

/** What an explanation depends on beside the model. */
export const explanationOptions = {
  ...promptOptions,
  /** Most tokens of an explanation. */
  maxNewTokens: z.int().min(1).default(48),
};

export const explainedOptions = z.strictObject(explanationOptions);

export type ExplanationOptions = z.infer<typeof explainedOptions>;

const networkOptions = {
  /** The click-through model that gets the texts. */
  backbone: z.enum(Object.keys(CTR_NETWORKS) as (keyof typeof CTR_NETWORKS)[]).default("deepfm"),
  /** The backbone's own options, such as `training.embedding=8`. */
  training: z.record(z.string(), z.unknown()).default({}),
};

export const augmentedOptions = z.strictObject({
  ...explanationOptions,
  ...networkOptions,
  /** Most training pairs, and most validation pairs, that get a text: the newest. The others count with the mean vector. */
  explained: z.int().min(1).default(4_000),
});

export type AugmentedOptions = z.infer<typeof augmentedOptions>;

/** Options of the three stages. What is not TRL's default is ours: the paper's own settings are not public. */
export const alignmentOptions = augmentedOptions.extend({
  /** How agreement with the label is rewarded. */
  reward: z.enum(REWARD_FORMS).default("log-likelihood"),
  /** Weight of the click-through model's reward beside the reader's. */
  lambda: z.number().min(0).default(1),
  /** The click-through model's reward is what it gains by the explanation: less the same reward without any. */
  gain: z.boolean().default(false),
  /** Most training pairs of a fold whose labels reward the policy. */
  pairs: z.int().min(1).default(1_024),
  /** Steps of PPO in stage 1. */
  lcSteps: z.int().min(1).default(24),
  /** Steps of PPO in stage 3, each time. */
  icSteps: z.int().min(1).default(8),
  /** How often stages 2 and 3 are gone through. */
  rounds: z.int().min(1).default(1),
  /** Explanations of a step, and of a gradient step. */
  batchSize: z.int().min(1).default(256),
  miniBatch: z.int().min(1).default(64),
  /** Passes over the explanations of a step. */
  ppoEpochs: z.int().min(1).default(1),
  learningRate: z.number().positive().default(1e-2),
  /** First price of a nat of KL to the untrained model, in standard deviations of a step's rewards. */
  klCoefficient: z.number().min(0).default(0.1),
  /** Mean KL of a step's explanations to the untrained model, in nats, at which the run stops. */
  klLimit: z.number().positive().default(60),
  /** Two folds: the pairs that reward a policy train no click-through model on its explanations. False: the paper's way, one policy. */
  crossFit: z.boolean().default(true),
});

export type AlignmentOptions = z.infer<typeof alignmentOptions>;

/** Options of fine-tuning on Yes and No. */
export const sftOptions = z.strictObject({
  ...promptOptions,
  /** Most training pairs to learn from: the newest. */
  pairs: z.int().min(2).default(1_024),
  epochs: z.int().min(1).default(3),
  batchSize: z.int().min(1).default(16),
  learningRate: z.number().positive().default(1e-3),
});

export type SftRowOptions = z.infer<typeof sftOptions>;

/** Options of a language model that imitates a click-through model and then explains. */
export const imitationOptions = augmentedOptions.extend(sftOptions.shape);

export type ImitationOptions = z.infer<typeof imitationOptions>;

/** Options of a small Transformer that explains from ids alone. */
export const peterOptions = augmentedOptions.extend({
  /** Pairs of dimensions that rotate, in each of the two heads: a fourth of the width. */
  headPairs: z.int().min(1).default(16),
  layers: z.int().min(1).default(2),
  epochs: z.int().min(1).default(20),
  batchSize: z.int().min(1).default(32),
  learningRate: z.number().positive().default(3e-3),
});

export type PeterOptions = z.infer<typeof peterOptions>;
