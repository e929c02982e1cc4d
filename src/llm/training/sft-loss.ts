import { numpy as np } from "@jax-js/jax";
import { logLikelihood, mean } from "../../engine/nn/losses.js";
import type { ModelConfig } from "../checkpoint/config.js";
import type { SftBatch } from "./batches.js";
import { llamaLogits, llamaStates, type LoraForm, type Weights } from "./llama.js";

/**
 * The last layer's states at some places of a batch, `[places, width]`. Only these places should meet the output head, whose
 * logits would else be the largest array of a step.
 */
export function statesAt(
  config: ModelConfig,
  weights: Weights,
  lora: LoraForm | undefined,
  { tokens, places }: Pick<SftBatch<np.Array>, "tokens" | "places">,
): np.Array {
  const states = llamaStates(config, weights, tokens, lora);
  const [rows, length, width] = states.shape;
  return np.take(np.reshape(states, [rows * length, width]), places, 0);
}

/** log p(next token) at some places of a batch. */
export function nextTokenLogProbs(
  config: ModelConfig,
  weights: Weights,
  lora: LoraForm | undefined,
  batch: Pick<SftBatch<np.Array>, "tokens" | "places" | "targets">,
): np.Array {
  return logLikelihood(llamaLogits(config, weights, statesAt(config, weights, lora, batch)), batch.targets);
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
