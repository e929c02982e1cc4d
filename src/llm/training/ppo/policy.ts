import { numpy as np } from "@jax-js/jax";
import { square } from "../../../engine/nn/activations.js";
import { logLikelihood, mean } from "../../../engine/nn/losses.js";
import { type Tensor, zeros } from "../../../engine/run/tensor.js";
import type { ModelConfig } from "../../checkpoint/config.js";
import type { SftBatch } from "../batches.js";
import { llamaLogits, type Weights } from "../llama.js";
import type { LoraTensors } from "../sft.js";
import { nextTokenLogProbs, statesAt } from "../sft-loss.js";
import { clippedPolicyLoss, clippedValueLoss, entropy } from "./losses.js";

/** The value head: V = state · weight + bias. */
export interface ValueHead<T = Tensor> {
  /** `[width, 1]` */
  readonly weight: T;
  /** `[1]` */
  readonly bias: T;
}

/** All that PPO trains. */
export interface PolicyTensors<T = Tensor> {
  readonly lora: LoraTensors<T>;
  readonly value: ValueHead<T>;
}

/** A head that values every state at 0. */
export function zeroValueHead(width: number): ValueHead {
  return { weight: zeros("float32", [width, 1]), bias: zeros("float32", [1]) };
}

/** What the loss reads beside the tokens; one number a place. */
export interface PpoBatch<T = Tensor> extends Omit<SftBatch<T>, "dropout"> {
  readonly oldLogProbs: T;
  readonly oldValues: T;
  readonly advantages: T;
  readonly returns: T;
}

/** The model whose adapter is trained. */
export interface PolicyForm {
  readonly config: ModelConfig;
  /** alpha / rank */
  readonly scale: number;
}

export interface ScoreInputs<T = Tensor> {
  readonly policy: PolicyTensors<T>;
  readonly weights: Readonly<Record<string, T>>;
  readonly batch: Pick<SftBatch<T>, "tokens" | "places" | "targets">;
}

/** What is known of answers before they are learnt from; one number a place. */
export interface TokenScores<T = Tensor> {
  readonly logProbs: T;
  /** Under the frozen base: the same model without its adapter. */
  readonly baseLogProbs: T;
  readonly values: T;
  /** Of the distribution that the token was drawn from. */
  readonly entropies: T;
}

/** Values and log-probabilities of drawn tokens. */
export function tokenScores(
  { config, scale }: PolicyForm,
  { policy, weights, batch }: ScoreInputs<np.Array>,
): TokenScores<np.Array> {
  const { states, logits } = forward({ config, scale }, policy, weights, batch);
  return {
    logProbs: logLikelihood(logits, batch.targets),
    baseLogProbs: nextTokenLogProbs(config, weights, undefined, batch),
    values: valuesOf(policy.value, states),
    entropies: entropy(logits),
  };
}

export interface PpoLossOptions {
  /** How far the ratio of new to old probability may move from 1. */
  readonly clip: number;
  /** How far a value may move. */
  readonly valueClip: number;
  /** Weight of the value loss. */
  readonly valueCoefficient: number;
}

/** L = L_policy + c L_value, and what to watch: `drift` is the mean of (log pi - log pi_old)² / 2, about the KL to the old policy. */
export function ppoLoss(
  form: PolicyForm,
  { clip, valueClip, valueCoefficient }: PpoLossOptions,
  policy: PolicyTensors<np.Array>,
  batch: PpoBatch<np.Array>,
  weights: Weights,
): { loss: np.Array; metrics: Record<string, np.Array> } {
  const { states, logits } = forward(form, policy, weights, batch);
  const logProbs = logLikelihood(logits, batch.targets);
  const { oldLogProbs, oldValues, advantages, returns, weights: counted } = batch;
  const policyPart = clippedPolicyLoss(logProbs, oldLogProbs, advantages, counted, clip);
  const values = valuesOf(policy.value, states);
  const valuePart = clippedValueLoss(values, oldValues, returns, counted, valueClip);
  return {
    loss: np.add(policyPart.loss, np.multiply(valuePart.loss, valueCoefficient)),
    metrics: {
      policyLoss: policyPart.loss,
      clipFraction: policyPart.clipFraction,
      valueLoss: valuePart.loss,
      valueClipFraction: valuePart.clipFraction,
      drift: np.multiply(mean(square(np.subtract(logProbs, oldLogProbs)), counted), 0.5),
    },
  };
}

function forward(
  { config, scale }: PolicyForm,
  { lora }: PolicyTensors<np.Array>,
  weights: Weights,
  batch: Pick<SftBatch<np.Array>, "tokens" | "places">,
): { states: np.Array; logits: np.Array } {
  const states = statesAt(config, weights, { weights: lora, scale }, batch);
  return { states, logits: llamaLogits(config, weights, states) };
}

function valuesOf({ weight, bias }: ValueHead<np.Array>, states: np.Array): np.Array {
  return np.add(np.squeeze(np.matmul(states, weight), -1), bias);
}
