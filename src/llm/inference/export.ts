import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeJson } from "../../core/files.js";
import { writeModel } from "../../engine/onnx/write-model.js";
import { type Checkpoint, endTokens } from "../checkpoint/checkpoint.js";
import { parameterCount, type Projection } from "../checkpoint/tensors.js";
import { copyCompanions } from "../checkpoint/write-checkpoint.js";
import { buildInferenceGraph, type WeightType } from "./graph.js";

/** File name of each weight type, as transformers.js looks for it under its `dtype`. */
export const MODEL_FILES: Readonly<Record<WeightType, string>> = {
  fp32: "model.onnx",
  q8: "model_quantized.onnx",
  q4: "model_q4.onnx",
};

/** Raise it whenever the same checkpoint would now give another graph. */
export const GRAPH_VERSION = 2;

/** Larger contexts need rotary tables that cost more than they serve; ask for them by `context`. */
const LARGEST_DEFAULT_CONTEXT = 32_768;

/** Above this the weights go into a file of their own: the protobuf is copied in memory, the data file is not. */
const EXTERNAL_FROM_BYTES = 256e6;

export interface ExportOptions {
  /** Default fp32. */
  readonly weights?: WeightType;
  /** The most tokens of prompt and answer; default what the model was made for, at most 32,768. */
  readonly context?: number;
  /** Projections that take LoRA matrices; default none. */
  readonly adapted?: readonly Projection[];
}

/** The context that an export of this checkpoint offers. */
export function exportContext(checkpoint: Checkpoint, options: ExportOptions = {}): number {
  const { contextLength } = checkpoint.config;
  return Math.min(contextLength, options.context ?? LARGEST_DEFAULT_CONTEXT);
}

/**
 * Writes a checkpoint's inference form: `onnx/model.onnx` with config.json, generation_config.json and the tokenizer, a folder that
 * `@huggingface/transformers` loads unchanged. generation_config.json holds the special tokens alone: how to sample is said at each call.
 */
export async function exportInference(
  checkpoint: Checkpoint,
  folder: string,
  options: ExportOptions = {},
): Promise<void> {
  const { weights = "fp32", adapted = [] } = options;
  const { config } = checkpoint;
  await mkdir(join(folder, "onnx"), { recursive: true });
  const graph = await buildInferenceGraph(config, (name) => checkpoint.read(name), {
    weights,
    adapted,
    context: exportContext(checkpoint, options),
    external: parameterCount(config) * 4 > EXTERNAL_FROM_BYTES,
  });
  await writeModel(join(folder, "onnx", MODEL_FILES[weights]), graph);
  await copyCompanions(checkpoint.folder, folder);
  await writeJson(join(folder, "config.json"), checkpoint.rawConfig);
  await writeJson(join(folder, "generation_config.json"), {
    ...(config.beginToken === null ? {} : { bos_token_id: config.beginToken }),
    ...(config.padToken === null ? {} : { pad_token_id: config.padToken }),
    eos_token_id: await endTokens(checkpoint.folder),
  });
}
