import { join } from "node:path";
import { hashOf } from "../../core/hash.js";
import { Random } from "../../core/random.js";
import { loadedAdapter } from "../../llm/adapter/lora.js";
import type { LocalModel } from "../../llm/local/local-model.js";
import { zeroValueHead } from "../../llm/training/ppo/policy.js";
import { finetune } from "../../llm/training/sft.js";
import type { RunContext } from "../../recommenders/recommender.js";
import { NO, YES } from "../prompts/judgement.js";
import type { SftRowOptions } from "./options.js";
import { LORA, type Policy, policyFormat } from "./policy.js";

/**
 * The stage `sft`: an adapter that answers Yes or No to prompts as told, by supervised fine-tuning.
 * @param likes - what to answer to each prompt.
 */
export async function tuneOnVerdicts(
  model: LocalModel,
  prompts: readonly string[],
  likes: readonly boolean[],
  { epochs, batchSize, learningRate }: Pick<SftRowOptions, "epochs" | "batchSize" | "learningRate">,
  context: RunContext,
): Promise<Policy> {
  const pairs = prompts.map((prompt, n) => ({ prompt, completion: likes[n] ? YES : NO }));
  const settings = { epochs, batchSize, learningRate, lora: LORA };
  const { value } = await context.stages.run({
    name: "sft",
    version: 1,
    inputs: { model: model.identity.hash, pairs: hashOf(pairs), settings, seed: context.seed },
    format: policyFormat,
    async compute(workspace) {
      const { adapter } = await finetune(
        model.folder,
        await model.tokenizer(),
        pairs,
        { ...settings, endToken: false, warmup: 0.1, clipNorm: 1, checkpoint: join(workspace, "sft") },
        Random.fromSeed(context.seed).fork("explainctr/sft"),
        context,
      );
      return { adapter, valueHead: zeroValueHead(model.config?.hiddenSize ?? 1) };
    },
  });
  return value;
}

/** Does something while a policy's adapter is on, and takes it off again. */
export async function withPolicy<T>(
  model: LocalModel,
  policy: Policy | undefined,
  work: () => Promise<T>,
): Promise<T> {
  model.useAdapter(policy && loadedAdapter(policy.adapter, "policy"));
  try {
    return await work();
  } finally {
    model.useAdapter(undefined);
  }
}
