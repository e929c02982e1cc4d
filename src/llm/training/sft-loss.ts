import { numpy as np } from "@jax-js/jax";
import { logLikelihood, mean } from "../../engine/nn/losses.js";
import type { ModelConfig } from "../checkpoint/config.js";
import type { SftBatch } from "./batches.js";
import { llamaLogits, llamaStates, type LoraForm, type Weights } from "./llama.js";

/**
 * log p(next token) at some places of a batch. Only these places meet the output head, whose logits would else be the
 * largest array of a step.
 */
export function nextTokenLogProbs(
  config: ModelConfig,
  weights: Weights,
  lora: LoraForm | undefined,
  { tokens, places, targets }: Pick<SftBatch<np.Array>, "tokens" | "places" | "targets">,
): np.Array {
  const states = llamaStates(config, weights, tokens, lora);
  const [rows, length, width] = states.shape;
  const picked = np.take(np.reshape(states, [rows * length, width]), places, 0);
  return logLikelihood(llamaLogits(config, weights, picked), targets);
}

/** Mean of -log p(token) over the learnt tokens. */
export function sftLoss(
  config: ModelConfig,
  weights: Weights,
  lora: Omit<LoraForm, "dropout"> | undefined,
  batch: SftBatch<np.Array>,
): np.Array {
  const form = lora && { ...lora, ...(batch.dropout && { dropout: batch.dropout }) };
  return np.negative(mean(nextTokenLogProbs(config, weights, form, batch), batch.weights));
}
