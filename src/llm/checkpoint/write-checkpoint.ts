import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { writeJson } from "../../core/files.js";
import { type FloatType, type TensorSource, writeSafetensorsFile } from "../../core/safetensors-file.js";
import { COMPANION_FILES, TOKENIZER_FILES } from "./checkpoint.js";
import type { ModelConfig } from "./config.js";
import { expectedTensors } from "./tensors.js";

const TORCH_NAME: Readonly<Record<FloatType, string>> = {
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};

/** The tokenizer and the other small files of a model, from folder to folder. */
export async function copyCompanions(from: string, to: string): Promise<void> {
  if (resolve(from) === resolve(to)) return;
  for (const file of [...TOKENIZER_FILES, ...COMPANION_FILES]) {
    if (existsSync(join(from, file))) await copyFile(join(from, file), join(to, file));
  }
}

export interface WriteCheckpointOptions {
  /** config.json to be written; its `dtype` is set to the stored type. */
  readonly rawConfig: Readonly<Record<string, unknown>>;
  /** Folder whose tokenizer and generation settings are copied. */
  readonly companions?: string;
  /** How the weights are stored; F16 and BF16 round. Default F32. */
  readonly type?: FloatType;
  /** A shard is closed before it would pass this many bytes. Default 4 GB. */
  readonly shardBytes?: number;
}

/**
 * Writes a folder that Python transformers and this program load: config.json, model.safetensors (or shards with their
 * index), and the companions of another folder.
 * @param tensor - gives each tensor's values when its turn comes; one at a time is in memory.
 */
export async function writeCheckpoint(
  folder: string,
  config: ModelConfig,
  tensor: (name: string) => Float32Array | Promise<Float32Array>,
  { rawConfig, companions, type = "F32", shardBytes = 4e9 }: WriteCheckpointOptions,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const shards = splitShards(config, type, shardBytes, tensor);
  const metadata = { format: "pt" };
  if (shards.length === 1) {
    await writeSafetensorsFile(join(folder, "model.safetensors"), shards[0], { type, metadata });
  } else {
    const weightMap: Record<string, string> = {};
    let size = 0;
    for (const [i, shard] of shards.entries()) {
      const number = (n: number) => String(n).padStart(5, "0");
      const name = `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
      await writeSafetensorsFile(join(folder, name), shard, { type, metadata });
      for (const { name: tensorName, shape } of shard) {
        weightMap[tensorName] = name;
        size += bytesOf(shape, type);
      }
    }
    await writeJson(join(folder, "model.safetensors.index.json"), {
      metadata: { total_size: size },
      weight_map: weightMap,
    });
  }
  // Older versions of Python transformers read torch_dtype, newer ones dtype.
  const older = "torch_dtype" in rawConfig ? { torch_dtype: TORCH_NAME[type] } : {};
  await writeJson(join(folder, "config.json"), { ...rawConfig, ...older, dtype: TORCH_NAME[type] });
  if (companions !== undefined) await copyCompanions(companions, folder);
}

function bytesOf(shape: readonly number[], type: FloatType): number {
  return shape.reduce((product, side) => product * side, type === "F32" ? 4 : 2);
}

function splitShards(
  config: ModelConfig,
  type: FloatType,
  limit: number,
  tensor: (name: string) => Float32Array | Promise<Float32Array>,
): TensorSource[][] {
  const shards: TensorSource[][] = [[]];
  let used = 0;
  for (const [name, shape] of expectedTensors(config)) {
    const bytes = bytesOf(shape, type);
    if (used > 0 && used + bytes > limit) {
      shards.push([]);
      used = 0;
    }
    shards.at(-1)!.push({ name, shape, values: () => tensor(name) });
    used += bytes;
  }
  return shards;
}
