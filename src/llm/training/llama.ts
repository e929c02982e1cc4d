import { numpy as np } from "@jax-js/jax";
import { silu } from "../../engine/nn/activations.js";
import { attention, MASKED, mergeHeads, splitHeads } from "../../engine/nn/attention.js";
import { rmsNorm } from "../../engine/nn/norms.js";
import type { ModelConfig } from "../checkpoint/config.js";
import { ropeTables } from "../checkpoint/rope.js";
import {
  EMBEDDING,
  FINAL_NORM,
  HEAD,
  modulePath,
  normPaths,
  type Projection,
  projectionShape,
} from "../checkpoint/tensors.js";

/** Arrays by the names of their checkpoint tensors. */
export type Weights = Readonly<Record<string, np.Array>>;

/** LoRA matrices by module path: A `[rank, inputs]`, B `[outputs, rank]`. */
export type LoraWeights = Readonly<Record<string, { readonly A: np.Array; readonly B: np.Array }>>;

/** How adapters enter the training graph. */
export interface LoraForm {
  readonly weights: LoraWeights;
  /** alpha / rank */
  readonly scale: number;
  /** Factors on the input of each adapted module, by path: 0 or 1 / (1 - p), `[rows, length, inputs]`; none: no dropout. */
  readonly dropout?: Readonly<Record<string, np.Array>>;
}

/**
 * The training form of a Llama-like model: the states of the last layer, after the final norm, `[rows, length, width]`. Rows begin at
 * position 0 and are padded on the right, where causality keeps the padding from being seen. Its logits equal those of
 * the inference graph.
 * @param tokens - int32 `[rows, length]`.
 * @param lora - added to the linear layers that it names.
 */
export function llamaStates(
  config: ModelConfig,
  weights: Weights,
  tokens: np.Array,
  lora?: LoraForm,
): np.Array {
  const [, length] = tokens.shape;
  const block = new Block(config, weights, lora, length);
  let stream = np.take(weights[EMBEDDING], tokens, 0);
  for (let layer = 0; layer < config.layers; layer++) stream = block.apply(stream, layer);
  return rmsNorm(stream, weights[FINAL_NORM], config.normEpsilon);
}

/** Logits of states `[..., width]`. */
export function llamaLogits(config: ModelConfig, weights: Weights, states: np.Array): np.Array {
  return np.matmul(states, np.transpose(weights[config.tiedHead ? EMBEDDING : HEAD]));
}

class Block {
  private readonly cos: np.Array;
  private readonly sin: np.Array;
  private readonly masks = new Map<number | null, np.Array>();

  constructor(
    private readonly config: ModelConfig,
    private readonly weights: Weights,
    private readonly lora: LoraForm | undefined,
    length: number,
  ) {
    const { cos, sin } = ropeTables(config.rope, config.headDim, length);
    this.cos = np.array(cos).reshape([length, config.headDim / 2]);
    this.sin = np.array(sin).reshape([length, config.headDim / 2]);
    for (const window of new Set(config.windows)) {
      this.masks.set(window, np.array(windowMask(length, window)).reshape([length, length]));
    }
  }

  apply(stream: np.Array, layer: number): np.Array {
    const { config, weights } = this;
    const names = normPaths(layer);
    const attended = this.attend(rmsNorm(stream, weights[names.input], config.normEpsilon), layer);
    const middle = np.add(stream, attended);
    const normed = rmsNorm(middle, weights[names.afterAttention], config.normEpsilon);
    const gate = silu(this.project(normed, layer, "gate_proj"));
    const fed = np.multiply(gate, this.project(normed, layer, "up_proj"));
    return np.add(middle, this.project(fed, layer, "down_proj"));
  }

  private attend(x: np.Array, layer: number): np.Array {
    const { config, weights } = this;
    const { heads, keyValueHeads, headDim } = config;
    const names = normPaths(layer);
    const [rows, length] = x.shape;
    const norm = (heads_: np.Array, name: string) =>
      config.queryKeyNorm ? rmsNorm(heads_, weights[name], config.normEpsilon) : heads_;
    const query = norm(splitHeads(this.project(x, layer, "q_proj"), heads), names.query);
    const key = norm(splitHeads(this.project(x, layer, "k_proj"), keyValueHeads), names.key);
    const value = splitHeads(this.project(x, layer, "v_proj"), keyValueHeads);
    // Query heads that share a key head side by side: the key broadcasts over them.
    const group = heads / keyValueHeads;
    const shared = (kv: np.Array) => np.reshape(kv, [rows, keyValueHeads, 1, length, headDim]);
    const mixed = attention(
      np.reshape(this.rotate(query), [rows, keyValueHeads, group, length, headDim]),
      shared(this.rotate(key)),
      shared(value),
      this.masks.get(config.windows[layer]),
    );
    return this.project(mergeHeads(np.reshape(mixed, [rows, heads, length, headDim])), layer, "o_proj");
  }

  /** The first half of a head's dimensions pairs with the second. */
  private rotate(x: np.Array): np.Array {
    const { cos, sin } = this;
    const [a, b] = np.split(x, 2, -1);
    const first = np.subtract(np.multiply(a, cos), np.multiply(b, sin));
    const second = np.add(np.multiply(b, cos), np.multiply(a, sin));
    return np.concatenate([first, second], -1);
  }

  private project(x: np.Array, layer: number, projection: Projection): np.Array {
    const path = modulePath(layer, projection);
    let y = np.matmul(x, np.transpose(this.weights[`${path}.weight`]));
    if (projectionShape(this.config, projection).bias) y = np.add(y, this.weights[`${path}.bias`]);
    const pair = this.lora?.weights[path];
    if (this.lora === undefined || pair === undefined) return y;
    const mask = this.lora.dropout?.[path];
    const kept = mask === undefined ? x : np.multiply(x, mask);
    const low = np.multiply(np.matmul(kept, np.transpose(pair.A)), this.lora.scale);
    return np.add(y, np.matmul(low, np.transpose(pair.B)));
  }
}

/** `[length, length]`: 0 where a position may look (itself and the past, within the window), else -1e9. */
function windowMask(length: number, window: number | null): Float32Array {
  const mask = new Float32Array(length * length).fill(MASKED);
  for (let row = 0; row < length; row++) {
    const oldest = window === null ? 0 : Math.max(0, row - window + 1);
    mask.fill(0, row * length + oldest, row * length + row + 1);
  }
  return mask;
}
