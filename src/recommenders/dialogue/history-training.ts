import { z } from "zod";
import type { Tensor } from "../../engine/run/tensor.js";
import { fit } from "../../engine/train/fit.js";
import { adamW } from "../../engine/train/optimizer.js";
import { createTrainer } from "../../engine/train/trainer.js";
import type { ConversationTraining } from "../../tasks/conversation.js";
import type { Fitted, Recommender, RunContext } from "../recommender.js";
import { weightsArtifact } from "../weights.js";
import {
  type HistoryArrays,
  historyLoss,
  type HistoryModel,
  type HistoryWeights,
  targetBatch,
} from "./history-model.js";
import { conversationNdcg } from "./validation.js";

/** What the recommenders on the items named share. */
export const historyOptions = {
  /** Length of an embedding. */
  embeddingSize: z.int().min(1).default(64),
  /** The last so many items named count. */
  history: z.int().min(1).default(32),
  /** Wrong items drawn for a batch, without repeats; all candidates where there are no more. */
  negatives: z.int().min(1).default(1000),
  learningRate: z.number().positive().default(0.003),
  /** AdamW's decay of the embeddings (not of the biases); of several the best on validation. */
  weightDecay: z.array(z.number().min(0)).min(1).default([0.1, 1, 3]),
  batchSize: z.int().min(1).default(256),
  /** The most passes over the training recommendations. */
  epochs: z.int().min(1).default(100),
  /** Stop after so many epochs in a row without a better validation NDCG@10. */
  patience: z.int().min(1).default(10),
};

/** How such a recommender is trained. */
export type HistoryTraining = Readonly<
  Record<"learningRate" | "batchSize" | "epochs" | "patience" | "negatives", number>
> & { readonly weightDecay: readonly number[] };

/** A recommender on the items named. */
export function historyRecommender<O extends HistoryTraining>(
  summary: string,
  options: z.ZodType<O>,
  id: string,
  modelOf: (options: O) => HistoryModel,
): Recommender<"conversation", O> {
  return {
    ...{ id, task: "conversation", kind: "classic", summary, options, seeded: true },
    async fit(train, given, context): Promise<Fitted<"conversation">> {
      const model = modelOf(given);
      const weights = await fitHistory(train, model, given, context);
      return {
        async answer(cases, { signal }) {
          const scorer = model.scorer();
          try {
            return await scorer.score(weights, cases, signal);
          } finally {
            await scorer.release();
          }
        },
      };
    },
  };
}

/** The stage of the model's name: weights of the decay that is best on validation, the first where there is nothing to choose by. */
export async function fitHistory(
  train: ConversationTraining,
  model: HistoryModel,
  options: HistoryTraining,
  context: RunContext,
): Promise<HistoryWeights> {
  const { id } = model;
  const counts = new Float64Array(train.items.keys.length);
  for (const { target, mentioned } of train.samples) if (!mentioned.includes(target)) counts[target]++;
  const first = model.initial(counts, context.random.fork(`${id}/init`));
  const { value } = await context.stages.run({
    name: id,
    version: 1,
    inputs: { options, seed: context.seed, data: train.hash },
    format: weightsArtifact(first),
    compute: async () => {
      const decays = conversationNdcg(train) === undefined ? [options.weightDecay[0]] : options.weightDecay;
      let best: { weights: HistoryWeights; decay: number; metric: number } | undefined;
      for (const decay of decays) {
        const { weights, metric } = await trainHistory(train, model, first, { ...options, decay }, context);
        if (best === undefined || metric > best.metric) best = { weights, decay, metric };
      }
      context.progress.note(
        `${id}: weight decay ${best!.decay} has the best validation NDCG@10, ${best!.metric.toFixed(4)}`,
      );
      return best!.weights;
    },
  });
  return value as HistoryWeights;
}

/**
 * Training proper, on recommendations of items not named before: the weights of the epoch with the best validation NDCG@10, or of the
 * last one without validation.
 */
export async function trainHistory(
  train: ConversationTraining,
  model: HistoryModel,
  first: HistoryWeights,
  options: Omit<HistoryTraining, "weightDecay"> & { readonly decay: number },
  { random, progress, signal }: Pick<RunContext, "random" | "progress" | "signal">,
): Promise<{ weights: HistoryWeights; metric: number }> {
  const { id } = model;
  const { learningRate, decay, epochs, batchSize, patience, negatives } = options;
  const samples = train.samples.filter(({ target, mentioned }) => !mentioned.includes(target));
  if (samples.length === 0) return { weights: first, metric: 0 };
  const trainer = createTrainer({
    name: id,
    parameters: first,
    optimizer: adamW({ learningRate, weightDecay: decay }),
    decays: (name) => model.decays(name),
    loss: (weights: HistoryArrays, batch: HistoryArrays) => historyLoss(model, weights, batch),
  });
  const size = Math.min(batchSize, samples.length);
  const drawn = Math.min(negatives, train.candidates.length);
  const ndcg = conversationNdcg(train);
  const scorer = model.scorer();
  try {
    const report = await fit(trainer, {
      label: `${id} (decay ${decay})`,
      epochs,
      examples: samples.length,
      batchSize,
      random: random.fork(`${id}/training`),
      progress,
      signal,
      batch: (examples, own): Record<string, Tensor> => {
        const sampled =
          drawn === train.candidates.length
            ? train.candidates
            : own.sample(train.candidates.length, drawn).map((n) => train.candidates[n]);
        const chosen = Array.from(examples, (n) => samples[n]);
        const inputs = model.inputs(
          chosen.map(({ mentioned }) => mentioned),
          size,
          own,
        );
        const targets = chosen.map(({ target }) => target);
        return { ...inputs, ...targetBatch(targets, sampled, size) };
      },
      validation: ndcg && {
        patience,
        metric: () => ndcg((cases) => scorer.score(trainer.parameters, cases, signal)),
      },
    });
    return { weights: trainer.parameterRecord() as HistoryWeights, metric: report.best?.metric ?? 0 };
  } finally {
    await trainer.release();
    await scorer.release();
  }
}
