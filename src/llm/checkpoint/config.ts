import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ProviderError } from "../../core/errors.js";
import { fileError } from "../../core/files.js";
import { parseRope, type Rope } from "./rope.js";

/** The model types of config.json that this program can run, and well-known models of each. */
export const ARCHITECTURES = {
  llama: "Llama 2 and 3, SmolLM2, TinyLlama",
  mistral: "Mistral",
  qwen2: "Qwen2, Qwen2.5",
  qwen3: "Qwen3",
} as const;

export type Architecture = keyof typeof ARCHITECTURES;

/** What a Llama-like model looks like: config.json with its defaults filled in and its synonyms resolved. */
export interface ModelConfig {
  readonly architecture: Architecture;
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly normEpsilon: number;
  readonly rope: Rope;
  /** The most positions that the model was made for. */
  readonly contextLength: number;
  /** The output head is the transposed token embedding. */
  readonly tiedHead: boolean;
  /** Biases of the query, key and value projections, of the attention's output, and of the feed-forward part. */
  readonly qkvBias: boolean;
  readonly outputBias: boolean;
  readonly feedForwardBias: boolean;
  /** RMSNorm of each head's query and key before the rotation (Qwen3). */
  readonly queryKeyNorm: boolean;
  /** For each layer how many of the last positions it sees, itself included; null for all. */
  readonly windows: readonly (number | null)[];
  readonly beginToken: number | null;
  readonly endTokens: readonly number[];
  readonly padToken: number | null;
}

type Json = Readonly<Record<string, unknown>>;

/** Reads a folder's config.json. */
export async function readConfig(folder: string): Promise<{ config: ModelConfig; raw: Json }> {
  const file = join(folder, "config.json");
  const raw = await readJson(file);
  return { config: parseConfig(raw, file), raw };
}

/** @throws ProviderError where the file is missing or no JSON object. */
export async function readJson(file: string): Promise<Json> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const { message } = fileError(error, file) as Error;
    throw new ProviderError("BAD_CHECKPOINT", message, {
      file,
      hint: "A Hugging Face model folder holds config.json, *.safetensors, tokenizer.json and tokenizer_config.json.",
      cause: error,
    });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // Falls through to the same error.
  }
  throw new ProviderError("BAD_CHECKPOINT", "not a JSON object", { file });
}

/**
 * @throws ProviderError that lists the supported architectures, or that names what is missing or contradicts itself.
 */
export function parseConfig(raw: Json, file: string): ModelConfig {
  const type = raw.model_type;
  if (typeof type !== "string" || !(type in ARCHITECTURES)) {
    const list = Object.entries(ARCHITECTURES).map(([name, models]) => `${name} (${models})`);
    throw new ProviderError(
      "UNSUPPORTED_ARCHITECTURE",
      `the architecture "${typeof type === "string" ? type : "(none)"}" isn't supported`,
      { file, hint: `Supported: ${list.join(", ")}.` },
    );
  }
  const architecture = type as Architecture;
  const bad = (why: string) => new ProviderError("BAD_CHECKPOINT", why, { file });
  const whole = (key: string, fallback?: number): number => {
    const value = raw[key] ?? fallback;
    if (!Number.isSafeInteger(value) || (value as number) < 1) {
      throw bad(`${key} must be a positive whole number, found ${JSON.stringify(value ?? null)}`);
    }
    return value as number;
  };
  if (raw.hidden_act !== undefined && raw.hidden_act !== "silu") {
    throw bad(`the activation ${JSON.stringify(raw.hidden_act)} isn't supported; expected "silu"`);
  }
  if (raw.quantization_config !== undefined && raw.quantization_config !== null) {
    throw new ProviderError("QUANTISED_CHECKPOINT", "the weights are quantised (quantization_config)", {
      file,
      hint: "Use the model's full-precision checkpoint (bf16, f16 or f32).",
    });
  }
  const hiddenSize = whole("hidden_size");
  const heads = whole("num_attention_heads");
  const keyValueHeads = whole("num_key_value_heads", heads);
  const headDim = whole("head_dim", architecture === "qwen3" ? 128 : Math.floor(hiddenSize / heads));
  if (heads % keyValueHeads !== 0) {
    throw bad(`${heads} attention heads can't be shared among ${keyValueHeads} key-value heads`);
  }
  // The runtime's attention works on blocks of eight.
  if (headDim % 8 !== 0) throw bad(`the size of a head must be a multiple of 8, found ${headDim}`);
  const layers = whole("num_hidden_layers");
  const attentionBias = raw.attention_bias === true;
  return {
    architecture,
    vocabularySize: whole("vocab_size"),
    hiddenSize,
    intermediateSize: whole("intermediate_size"),
    layers,
    heads,
    keyValueHeads,
    headDim,
    normEpsilon: (raw.rms_norm_eps as number | undefined) ?? 1e-6,
    rope: parseRope(raw, file),
    contextLength: whole("max_position_embeddings", architecture === "llama" ? 2048 : 32_768),
    tiedHead: raw.tie_word_embeddings === true,
    qkvBias: architecture === "qwen2" || (attentionBias && architecture !== "mistral"),
    outputBias: attentionBias && (architecture === "llama" || architecture === "qwen3"),
    feedForwardBias: architecture === "llama" && raw.mlp_bias === true,
    queryKeyNorm: architecture === "qwen3",
    windows: parseWindows(raw, architecture, layers),
    beginToken: typeof raw.bos_token_id === "number" ? raw.bos_token_id : null,
    endTokens: tokenList(raw.eos_token_id),
    padToken: typeof raw.pad_token_id === "number" ? raw.pad_token_id : null,
  };
}

/** Mistral's window holds for every layer; Qwen's only when it is switched on, and from a given layer. */
function parseWindows(raw: Json, architecture: Architecture, layers: number): (number | null)[] {
  // Hugging Face's own defaults: absent is 4096, null is none.
  const size = raw.sliding_window === undefined ? 4096 : (raw.sliding_window as number | null);
  const types = raw.layer_types as readonly string[] | undefined | null;
  const from = (raw.max_window_layers as number | undefined) ?? 28;
  return Array.from({ length: layers }, (_, layer) => {
    if (architecture === "mistral") return size;
    if (architecture === "llama" || raw.use_sliding_window !== true) return null;
    const slides = types ? types[layer] === "sliding_attention" : layer >= from;
    return slides ? size : null;
  });
}

/** `eos_token_id` is a number, a list, or absent. */
export function tokenList(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return Array.isArray(value) ? value.filter((v): v is number => typeof v === "number") : [];
}
