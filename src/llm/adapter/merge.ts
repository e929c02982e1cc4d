import type { FloatType } from "../../core/safetensors-file.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { writeCheckpoint } from "../checkpoint/write-checkpoint.js";
import { checkAdapter, type LoraAdapter, mergedWeight } from "./lora.js";

/** Writes a checkpoint with an adapter added to its weights: a model of its own that needs no adapter. */
export async function writeMerged(
  checkpoint: Checkpoint,
  adapter: LoraAdapter,
  folder: string,
  options: { readonly type?: FloatType } = {},
): Promise<void> {
  checkAdapter(adapter, checkpoint.config, checkpoint.folder);
  const tensor = async (name: string): Promise<Float32Array> => {
    const weight = await checkpoint.read(name);
    const pair = adapter.pairs.get(name.replace(/\.weight$/, ""));
    return pair === undefined ? weight : mergedWeight(weight, pair);
  };
  await writeCheckpoint(folder, checkpoint.config, tensor, {
    ...options,
    rawConfig: checkpoint.rawConfig,
    companions: checkpoint.folder,
  });
}
