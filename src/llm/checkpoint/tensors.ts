import type { ModelConfig } from "./config.js";

/** The linear layers of a block, as Hugging Face and PEFT name them. */
export const PROJECTIONS = [
  "q_proj",
  "k_proj",
  "v_proj",
  "o_proj",
  "gate_proj",
  "up_proj",
  "down_proj",
] as const;

export type Projection = (typeof PROJECTIONS)[number];

/** Inputs and outputs of a projection, and whether it has a bias. */
export interface ProjectionShape {
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: boolean;
}

/** What a projection maps from and to. Checkpoints store its weight as `[outputs, inputs]`. */
export function projectionShape(config: ModelConfig, projection: Projection): ProjectionShape {
  const { hiddenSize, intermediateSize, headDim } = config;
  const queries = config.heads * headDim;
  const keys = config.keyValueHeads * headDim;
  switch (projection) {
    case "q_proj":
      return { inputs: hiddenSize, outputs: queries, bias: config.qkvBias };
    case "k_proj":
    case "v_proj":
      return { inputs: hiddenSize, outputs: keys, bias: config.qkvBias };
    case "o_proj":
      return { inputs: queries, outputs: hiddenSize, bias: config.outputBias };
    case "gate_proj":
    case "up_proj":
      return { inputs: hiddenSize, outputs: intermediateSize, bias: config.feedForwardBias };
    case "down_proj":
      return { inputs: intermediateSize, outputs: hiddenSize, bias: config.feedForwardBias };
  }
}

/** The module path of a projection: `model.layers.0.self_attn.q_proj`. */
export function modulePath(layer: number, projection: Projection): string {
  const part = ["gate_proj", "up_proj", "down_proj"].includes(projection) ? "mlp" : "self_attn";
  return `model.layers.${layer}.${part}.${projection}`;
}

export const EMBEDDING = "model.embed_tokens.weight";
export const FINAL_NORM = "model.norm.weight";
export const HEAD = "lm_head.weight";

/** Names of the norms of a block. */
export function normPaths(layer: number): {
  input: string;
  afterAttention: string;
  query: string;
  key: string;
} {
  const block = `model.layers.${layer}`;
  return {
    input: `${block}.input_layernorm.weight`,
    afterAttention: `${block}.post_attention_layernorm.weight`,
    query: `${block}.self_attn.q_norm.weight`,
    key: `${block}.self_attn.k_norm.weight`,
  };
}

/** Every tensor that a checkpoint of this configuration holds, in the order of the model, with its shape. */
export function expectedTensors(config: ModelConfig): Map<string, readonly number[]> {
  const tensors = new Map<string, readonly number[]>([
    [EMBEDDING, [config.vocabularySize, config.hiddenSize]],
  ]);
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of PROJECTIONS) {
      const { inputs, outputs, bias } = projectionShape(config, projection);
      const path = modulePath(layer, projection);
      tensors.set(`${path}.weight`, [outputs, inputs]);
      if (bias) tensors.set(`${path}.bias`, [outputs]);
    }
    const norms = normPaths(layer);
    if (config.queryKeyNorm) {
      tensors.set(norms.query, [config.headDim]);
      tensors.set(norms.key, [config.headDim]);
    }
    tensors.set(norms.input, [config.hiddenSize]);
    tensors.set(norms.afterAttention, [config.hiddenSize]);
  }
  tensors.set(FINAL_NORM, [config.hiddenSize]);
  if (!config.tiedHead) tensors.set(HEAD, [config.vocabularySize, config.hiddenSize]);
  return tensors;
}

/** How many parameters the model has. */
export function parameterCount(config: ModelConfig): number {
  let count = 0;
  for (const shape of expectedTensors(config).values()) count += shape.reduce((a, b) => a * b, 1);
  return count;
}
