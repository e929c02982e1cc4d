import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DataError } from "../../core/errors.js";
import { readSafetensors, writeSafetensors } from "../../core/safetensors.js";
import type { ArtifactFormat } from "../../core/stages.js";
import type { LoraAdapter } from "../../llm/adapter/lora.js";
import type { LanguageModel } from "../../llm/language-model.js";
import { LocalModel } from "../../llm/local/local-model.js";
import { localModelOf, tunableModel } from "../../llm/local/with-adapter.js";
import type { PpoHealth } from "../../llm/training/ppo/health.js";
import type { ValueHead } from "../../llm/training/ppo/policy.js";

/** What the paper trains of the model: LoRA on queries and values. Rank and alpha are ours. */
export const LORA = { rank: 8, alpha: 16, targets: ["q_proj", "v_proj"] } as const;

/** A trained generator of explanations. */
export interface Policy {
  readonly adapter: LoraAdapter;
  readonly valueHead: ValueHead;
  /** One entry a step of PPO; absent where it was read from a file. */
  readonly health?: readonly PpoHealth[];
}

const opened = new WeakMap<LanguageModel, Promise<LocalModel>>();

/**
 * The run's model opened once more, so that adapters can be put on it: once for each model, whoever asks. Prompts of different lengths share
 * a batch: with few prompts at a time it is several times as fast.
 * @throws ProviderError where it is not a model of this machine.
 */
export async function openPolicyModel(lent: LanguageModel): Promise<LocalModel> {
  const model = await tunableModel(
    lent,
    "Use embedded, dir:PATH or hf:ORG/NAME; llm-zero-shot and expctr-llm-untrained need no training.",
  );
  let policy = opened.get(model);
  if (policy === undefined) {
    const { identity, folder } = model;
    policy = LocalModel.open(folder, { name: identity.name, adapted: LORA.targets, batching: "padded" });
    opened.set(model, policy);
  }
  return policy;
}

/** A model to write explanations with, no adapter on it: opened as for a policy where it can be, else the lent one. */
export async function openWriter(lent: LanguageModel): Promise<LanguageModel> {
  const model = await localModelOf(lent);
  return model?.config === undefined ? lent : openPolicyModel(lent);
}

/** A policy as safetensors, with PPO's health beside it (`health.jsonl`, a line a step). */
export const policyFormat: ArtifactFormat<Policy> = {
  file: "policy.safetensors",
  async write(path, { adapter, valueHead, health = [] }) {
    const matrices = [...adapter.pairs].flatMap(([module, { rank, a, b }]) => [
      [`${module}.lora_A`, { shape: [rank, a.length / rank], data: a }] as const,
      [`${module}.lora_B`, { shape: [b.length / rank, rank], data: b }] as const,
    ]);
    await writeSafetensors(path, {
      ...Object.fromEntries(matrices),
      "value.weight": valueHead.weight,
      "value.bias": valueHead.bias,
    });
    const lines = health.map((step) => JSON.stringify(step) + "\n");
    await writeFile(join(dirname(path), "health.jsonl"), lines.join(""));
  },
  async read(path) {
    const tensors = await readSafetensors(path);
    const floats = (name: string) => {
      const found = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
      if (found === undefined || !(found.data instanceof Float32Array)) {
        throw new DataError("BAD_POLICY", `${name}: this tensor of 32-bit floats is missing`, { file: path });
      }
      return { shape: found.shape, data: found.data };
    };
    const modules = Object.keys(tensors).flatMap((name) => /^(.+)\.lora_A$/.exec(name)?.[1] ?? []);
    const { rank, alpha, targets } = LORA;
    const pairs = modules.sort().map((module) => {
      const [a, b] = [floats(`${module}.lora_A`).data, floats(`${module}.lora_B`).data];
      return [module, { rank, scale: alpha / rank, a, b }] as const;
    });
    return {
      adapter: { options: { rank, alpha, targets, dropout: 0 }, baseName: null, pairs: new Map(pairs) },
      valueHead: { weight: floats("value.weight"), bias: floats("value.bias") },
    };
  },
};
