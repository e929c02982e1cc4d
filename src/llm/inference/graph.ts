import { float } from "../../engine/onnx/attributes.js";
import { GraphBuilder } from "../../engine/onnx/graph-builder.js";
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
import { quantise, QUANTISATION_BLOCK, transpose } from "./matrix.js";

/** How the weights of the linear layers are stored: 32-bit floats, or 8 or 4 bits in blocks of 32. */
export type WeightType = "fp32" | "q8" | "q4";

export interface InferenceGraphOptions {
  readonly weights: WeightType;
  /** Positions that the rotary tables cover: the most tokens of prompt and answer. */
  readonly context: number;
  /** Projections that take LoRA matrices as graph inputs; of rank 0 they change nothing. */
  readonly adapted: readonly Projection[];
  /** Keep the weights in a file beside the model (a protobuf ends at 2 GB). */
  readonly external: boolean;
}

const MICROSOFT = { domain: "com.microsoft" };

/** Added to the attention scores of positions that must not be seen. Not -Infinity: a row of padding would become NaN. */
const HIDDEN = -1e9;

/** How the names of a layer's keys and values begin: what was seen before, that and this run's tokens, and this run's tokens alone. */
export const PAST = "past_key_values";
export const PRESENT = "present";
export const APPENDED = "appended";

/** Name of the graph input that holds a LoRA matrix: A `[inputs, rank]`, or B `[rank, outputs]` with alpha / rank folded in. */
export function loraInput(layer: number, projection: Projection, matrix: "A" | "B"): string {
  return `lora.${layer}.${projection}.${matrix}`;
}

/**
 * The inference graph of a Llama-like model with a key-value cache, in the form that transformers.js feeds. Padding can't change an
 * answer: positions rotate outside of the attention node, whose lengths are those of the whole batch, and a bias hides the padding
 * (facts of onnxruntime 1.30: the usual export with do_rotary = 1 goes wrong with padded prompts).
 */
export async function buildInferenceGraph(
  config: ModelConfig,
  read: (name: string) => Promise<Float32Array>,
  options: InferenceGraphOptions,
): Promise<GraphBuilder> {
  const graph = new GraphBuilder("decoder");
  const writer = new DecoderWriter(graph, config, read, options);
  await writer.write();
  return graph;
}

class DecoderWriter {
  private cos = "";
  private sin = "";
  private positions = "";
  /** int32 `[batch]`: index of the last key of every row. */
  private lastKey = "";
  /** int32 scalar: keys in the cache after this run. */
  private totalKeys = "";
  private readonly biases = new Map<number | null, string>();

  constructor(
    private readonly graph: GraphBuilder,
    private readonly config: ModelConfig,
    private readonly read: (name: string) => Promise<Float32Array>,
    private readonly options: InferenceGraphOptions,
  ) {}

  async write(): Promise<void> {
    const { graph, config } = this;
    const ids = graph.input("input_ids", "int64", ["batch_size", "sequence_length"]);
    const mask = graph.input("attention_mask", "int64", ["batch_size", "total_sequence_length"]);
    this.positions = graph.input("position_ids", "int64", ["batch_size", "sequence_length"]);
    const kept = graph.input("num_logits_to_keep", "int64", []);
    this.declareTables();
    this.declareLengths(mask);
    for (const window of new Set(config.windows))
      this.biases.set(window, this.attentionBias(ids, mask, window));

    const embedding = await this.weight(EMBEDDING, [config.vocabularySize, config.hiddenSize]);
    let stream = graph.node("Gather", [embedding, ids]);
    let normed = await this.norm(stream, normPaths(0).input);
    for (let layer = 0; layer < config.layers; layer++) {
      const attended = await this.attention(normed, layer);
      [normed, stream] = await this.addAndNorm(stream, attended, normPaths(layer).afterAttention);
      const fed = await this.feedForward(normed, layer);
      const next = layer + 1 < config.layers ? normPaths(layer + 1).input : FINAL_NORM;
      const isLast = layer + 1 === config.layers;
      [normed, stream] = await this.addAndNorm(stream, fed, next, isLast ? "hidden_states" : undefined);
    }
    await this.head(normed, kept);
    graph.output("hidden_states", "float32", ["batch_size", "sequence_length", config.hiddenSize]);
    for (let layer = 0; layer < config.layers; layer++) {
      for (const part of ["key", "value"]) {
        graph.output(`${PRESENT}.${layer}.${part}`, "float32", this.cacheShape("total_sequence_length"));
        const width = config.keyValueHeads * config.headDim;
        graph.output(`${APPENDED}.${layer}.${part}`, "float32", ["batch_size", "sequence_length", width]);
      }
    }
  }

  private cacheShape(length: string): (string | number)[] {
    return ["batch_size", this.config.keyValueHeads, length, this.config.headDim];
  }

  private declareTables(): void {
    const { config, graph } = this;
    const { cos, sin } = ropeTables(config.rope, config.headDim, this.options.context);
    const shape = [this.options.context, config.headDim / 2];
    this.cos = graph.initializer("rope.cos", "float32", shape, cos, { external: this.options.external });
    this.sin = graph.initializer("rope.sin", "float32", shape, sin, { external: this.options.external });
  }

  private declareLengths(mask: string): void {
    const { graph } = this;
    const total = graph.node("Shape", [mask], { start: 1, end: 2 });
    const batch = graph.node("Shape", [mask], { start: 0, end: 1 });
    const total32 = graph.node("Cast", [total], { to: 6 });
    this.totalKeys = graph.node("Squeeze", [total32]);
    const last = graph.node("Sub", [total32, graph.constant("int32", [1], [1])]);
    this.lastKey = graph.node("Expand", [last, batch]);
  }

  /** float32 `[batch, 1, sequence, total]`: 0 where a key may be seen, {@link HIDDEN} for padding and beyond the window. */
  private attentionBias(ids: string, mask: string, window: number | null): string {
    const { graph } = this;
    const isPadding = graph.node("Equal", [mask, graph.constant("int64", [], [0])]);
    const hidden = graph.constant("float32", [], [HIDDEN]);
    const seen = graph.constant("float32", [], [0]);
    const byKey = graph.node("Where", [isPadding, hidden, seen]);
    const row = graph.node("Unsqueeze", [byKey, graph.shape([1, 2])]);
    const batch = graph.node("Shape", [mask], { start: 0, end: 1 });
    const sequence = graph.node("Shape", [ids], { start: 1, end: 2 });
    const total = graph.node("Shape", [mask], { start: 1, end: 2 });
    const shape = graph.node("Concat", [batch, graph.shape([1]), sequence, total], { axis: 0 });
    const expanded = graph.node("Expand", [row, shape]);
    if (window === null) return expanded;
    const one = graph.constant("int64", [], [1]);
    const end = graph.node("Squeeze", [total]);
    const begin = graph.node("Sub", [end, graph.node("Squeeze", [sequence])]);
    const queries = graph.node("Unsqueeze", [graph.node("Range", [begin, end, one]), graph.shape([1])]);
    const keys = graph.node("Range", [graph.constant("int64", [], [0]), end, one]);
    const oldest = graph.node("Sub", [queries, graph.constant("int64", [], [window - 1])]);
    const tooOld = graph.node("Less", [keys, oldest]);
    return graph.node("Where", [tooOld, hidden, expanded]);
  }

  private async weight(name: string, shape: readonly number[]): Promise<string> {
    return this.graph.initializer(name, "float32", shape, await this.read(name), {
      external: this.options.external,
    });
  }

  private async norm(value: string, name: string): Promise<string> {
    const size =
      name.endsWith("q_norm.weight") || name.endsWith("k_norm.weight")
        ? this.config.headDim
        : this.config.hiddenSize;
    return this.graph.node("SimplifiedLayerNormalization", [value, await this.weight(name, [size])], {
      axis: -1,
      epsilon: float(this.config.normEpsilon),
    });
  }

  /** The residual sum and its norm, in one node. */
  private async addAndNorm(
    stream: string,
    update: string,
    name: string,
    output = this.graph.fresh("normed"),
  ): Promise<[normed: string, stream: string]> {
    const sum = this.graph.fresh("stream");
    const weight = await this.weight(name, [this.config.hiddenSize]);
    this.graph.nodeWithOutputs(
      "SkipSimplifiedLayerNormalization",
      [stream, update, weight],
      [output, "", "", sum],
      { epsilon: float(this.config.normEpsilon) },
      MICROSOFT.domain,
    );
    return [output, sum];
  }

  private async attention(value: string, layer: number): Promise<string> {
    const { graph, config } = this;
    const names = normPaths(layer);
    const query = await this.headNorm(await this.project(value, layer, "q_proj"), config.heads, names.query);
    const key = await this.headNorm(
      await this.project(value, layer, "k_proj"),
      config.keyValueHeads,
      names.key,
    );
    const values = await this.project(value, layer, "v_proj");
    const past = ["key", "value"].map((part) =>
      graph.input(`${PAST}.${layer}.${part}`, "float32", this.cacheShape("past_sequence_length")),
    );
    const bias = this.biases.get(config.windows[layer])!;
    const rotated = this.rotate(key, config.keyValueHeads);
    graph.node("Identity", [rotated], {}, { outputs: [`${APPENDED}.${layer}.key`] });
    graph.node("Identity", [values], {}, { outputs: [`${APPENDED}.${layer}.value`] });
    const output = graph.fresh("attended");
    graph.nodeWithOutputs(
      "GroupQueryAttention",
      [
        this.rotate(query, config.heads),
        rotated,
        values,
        ...past,
        this.lastKey,
        this.totalKeys,
        "",
        "",
        "",
        bias,
      ],
      [output, `${PRESENT}.${layer}.key`, `${PRESENT}.${layer}.value`],
      { num_heads: config.heads, kv_num_heads: config.keyValueHeads, do_rotary: 0 },
      MICROSOFT.domain,
    );
    return this.project(output, layer, "o_proj");
  }

  private rotate(value: string, heads: number): string {
    return this.graph.node(
      "RotaryEmbedding",
      [value, this.positions, this.cos, this.sin],
      { num_heads: heads, interleaved: 0 },
      MICROSOFT,
    );
  }

  private async headNorm(value: string, heads: number, name: string): Promise<string> {
    const { graph, config } = this;
    if (!config.queryKeyNorm) return value;
    const split = graph.node("Reshape", [value, graph.shape([0, 0, heads, config.headDim])]);
    const normed = await this.norm(split, name);
    return graph.node("Reshape", [normed, graph.shape([0, 0, heads * config.headDim])]);
  }

  private async feedForward(value: string, layer: number): Promise<string> {
    const { graph } = this;
    const gate = await this.project(value, layer, "gate_proj");
    const up = await this.project(value, layer, "up_proj");
    // QuickGelu is x * sigmoid(alpha x): with alpha = 1 that is SiLU.
    const activated = graph.node("QuickGelu", [gate], { alpha: float(1) }, MICROSOFT);
    return this.project(graph.node("Mul", [activated, up]), layer, "down_proj");
  }

  private async project(value: string, layer: number, projection: Projection): Promise<string> {
    const { graph, config } = this;
    const { inputs, outputs, bias } = projectionShape(config, projection);
    const path = modulePath(layer, projection);
    let result = await this.linear(value, `${path}.weight`, inputs, outputs);
    if (this.options.adapted.includes(projection)) {
      // A symbol of its own for each pair: the runtime plans memory as if equal symbols were equal sizes.
      const rank = `rank.${layer}.${projection}`;
      const a = graph.input(loraInput(layer, projection, "A"), "float32", [inputs, rank]);
      const b = graph.input(loraInput(layer, projection, "B"), "float32", [rank, outputs]);
      result = graph.node("Add", [result, graph.node("MatMul", [graph.node("MatMul", [value, a]), b])]);
    }
    return bias ? graph.node("Add", [result, await this.weight(`${path}.bias`, [outputs])]) : result;
  }

  /** value `[.., inputs]` times the transpose of a stored `[outputs, inputs]` weight. */
  private async linear(
    value: string,
    name: string,
    inputs: number,
    outputs: number,
    output?: string,
  ): Promise<string> {
    const { graph } = this;
    const { weights, external } = this.options;
    const stored = await this.read(name === HEAD && this.config.tiedHead ? EMBEDDING : name);
    const named = output === undefined ? {} : { outputs: [output] };
    if (weights === "fp32") {
      const matrix = transpose(stored, outputs, inputs);
      const weight = graph.initializer(`${name}.T`, "float32", [inputs, outputs], matrix, { external });
      return graph.node("MatMul", [value, weight], {}, named);
    }
    const bits = weights === "q8" ? 8 : 4;
    const { packed, scales, blocks } = quantise(stored, outputs, inputs, bits);
    const shape = [outputs, blocks, (QUANTISATION_BLOCK * bits) / 8];
    return graph.node(
      "MatMulNBits",
      [
        value,
        graph.initializer(`${name}.bits`, "uint8", shape, packed, { external }),
        graph.initializer(`${name}.scales`, "float32", [outputs, blocks], scales, { external }),
      ],
      { K: inputs, N: outputs, bits, block_size: QUANTISATION_BLOCK },
      { ...MICROSOFT, ...named },
    );
  }

  private async head(hidden: string, kept: string): Promise<void> {
    const { graph, config } = this;
    const count = graph.node("Reshape", [kept, graph.shape([1])]);
    const all = graph.shape([Number.MAX_SAFE_INTEGER]);
    // With 0 to keep the slice begins at -0 = 0: all positions.
    const last = graph.node("Slice", [hidden, graph.node("Neg", [count]), all, graph.shape([1])]);
    await this.linear(last, HEAD, config.hiddenSize, config.vocabularySize, "logits");
    graph.output("logits", "float32", ["batch_size", "num_logits", config.vocabularySize]);
  }
}
