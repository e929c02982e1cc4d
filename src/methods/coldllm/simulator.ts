import { z } from "zod";
import { Random } from "../../core/random.js";
import type { ArtifactFormat, StageResult } from "../../core/stages.js";
import type { LoraAdapter } from "../../llm/adapter/lora.js";
import { readAdapter, writeAdapter } from "../../llm/adapter/peft-files.js";
import { PROJECTIONS } from "../../llm/checkpoint/tensors.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import { fitter } from "./history.js";
import { judgeSamples, type JudgeSample, promptOf, trainingPair } from "./samples.js";
import { tunableModel } from "../../llm/local/with-adapter.js";

/** How the judge learns. */
export const simulatorOptions = {
  /** `tuned`: by LoRA on the users' own Yes and No; `zero-shot`: as it is. */
  judge: z.enum(["tuned", "zero-shot"]).default("tuned"),
  /** What an item is called in questions. */
  noun: z.string().min(1).default("item"),
  /** Which of a user's items prompts name: all that were `seen`, or those that were `liked` where there are ratings. */
  preference: z.enum(["seen", "liked"]).default("seen"),
  tuning: z
    .strictObject({
      /** The most users whose items are learnt from. */
      users: z.int().min(1).default(2000),
      /** The most items of a user's history in a question. */
      history: z.int().min(1).default(20),
      rank: z.int().min(1).default(8),
      alpha: z.number().positive().default(16),
      dropout: z.number().min(0).max(0.95).default(0.05),
      learningRate: z.number().positive().default(5e-5),
      batchSize: z.int().min(1).default(32),
      /** The most passes; it stops where the loss on validation users' answers no longer falls. */
      epochs: z.int().min(1).default(3),
    })
    .prefault({}),
};

export type SimulatorOptions = z.infer<z.ZodObject<typeof simulatorOptions>>;

/** An adapter in PEFT's folder. */
const adapterFormat: ArtifactFormat<LoraAdapter> = {
  file: "adapter",
  write: writeAdapter,
  read: readAdapter,
};

/** Tokens of an answer, the end token included, at the very most. */
export const ANSWER_ROOM = 8;

/**
 * The stage `simulator`: a LoRA adapter that answers Yes or No as the users' training items tell (version 1, equation 6). None for a zero-shot
 * judge.
 * @throws ProviderError where the model can't be tuned.
 */
export async function simulator(
  train: ColdStartTraining,
  { judge, noun, preference, tuning }: SimulatorOptions,
  context: RunContext,
): Promise<StageResult<LoraAdapter> | undefined> {
  if (judge === "zero-shot") return undefined;
  const model = await tunableModel(
    await context.llm(),
    "Set judge=zero-shot, or use a model with weights (embedded, hf:ORG/NAME or dir:PATH).",
  );
  return context.stages.run({
    name: "simulator",
    version: 2,
    inputs: { model: model.identity.hash, noun, preference, tuning, seed: context.seed, data: train.hash },
    format: adapterFormat,
    compute: async (checkpoint) => {
      const { finetune } = await import("../../llm/training/sft.js");
      const random = Random.fromSeed(context.seed).fork("coldllm simulator");
      const fit = await fitter(model, ANSWER_ROOM);
      const pairsOf = (samples: readonly JudgeSample[]) =>
        samples.map((sample) => {
          const history = fit(sample.history, (part) => promptOf(train, part, sample.target, noun));
          return trainingPair(train, { ...sample, history }, noun);
        });
      const { warm } = train.validation;
      const limits = { history: tuning.history, users: tuning.users, preference };
      const validation = pairsOf(
        judgeSamples(
          train,
          { ...limits, users: Math.ceil(tuning.users / 10) },
          random.fork("validation"),
          warm,
        ),
      );
      const { adapter, report } = await finetune(
        model.folder,
        await model.tokenizer(),
        pairsOf(judgeSamples(train, limits, random.fork("samples"))),
        {
          lora: {
            ...{ rank: tuning.rank, alpha: tuning.alpha, dropout: tuning.dropout },
            targets: [...PROJECTIONS],
          },
          ...{ epochs: tuning.epochs, batchSize: tuning.batchSize, learningRate: tuning.learningRate },
          warmup: 0.1,
          // Only the probabilities of Yes and No are ever read: to learn where an answer ends would drown them.
          endToken: false,
          ...(validation.length > 0 && { validation, patience: 1 }),
          checkpoint,
        },
        random.fork("training"),
        context,
      );
      if (report.best !== null) {
        const { epoch, metric } = report.best;
        context.progress.note(
          `coldllm: the judge's validation loss is ${metric.toFixed(4)} after ${epoch} epochs`,
        );
      }
      return adapter;
    },
  });
}
