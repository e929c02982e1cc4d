import type { numpy as np } from "@jax-js/jax";
import { z } from "zod";
import { fit } from "../../engine/train/fit.js";
import { adamW } from "../../engine/train/optimizer.js";
import { createTrainer } from "../../engine/train/trainer.js";
import type { ConversationTraining } from "../../tasks/conversation.js";
import { weightsArtifact } from "../weights.js";
import type { Recommender, RunContext } from "../recommender.js";
import {
  fismBatch,
  fismLoss,
  fismScores,
  initialFism,
  type FismBatch,
  type FismWeights,
} from "./fism-model.js";
import { scoreRows } from "./score-rows.js";
import { conversationNdcg, type ScoreCases } from "./validation.js";

export const fismOptions = z.strictObject({
  /** Length of an embedding. */
  embeddingSize: z.int().min(1).default(64),
  /** The sum of the items named is divided by their number to this power. */
  alpha: z.number().min(0).max(1).default(0.5),
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
});

export type FismOptions = z.infer<typeof fismOptions>;

/**
 * FISM (Kabbur, Ning and Karypis, KDD 2013) on the items named, with the shared embedding, the pooling by n^-.5 and the
 * sampled softmax that Reindex-Then-Adapt's code gives it: score(j) = n^-alpha (sum of e_i over the n items named) . e_j + b_j.
 * Learns from recommendations of items not named before. Where nothing is named the bias alone ranks.
 */
export const fism: Recommender<"conversation", FismOptions> = {
  id: "fism",
  task: "conversation",
  kind: "classic",
  summary: "Factored item similarity on the items named (Kabbur, Ning and Karypis, KDD 2013).",
  options: fismOptions,
  seeded: true,
  async fit(train, options, context) {
    const weights = await fitFism(train, options, context);
    return { answer: (cases, { signal }) => scoresOf(weights, options, signal)(cases) };
  },
};

/** The stage `fism`: weights of the decay that is best on validation, the first where there is nothing to choose by. */
export async function fitFism(
  train: ConversationTraining,
  options: FismOptions,
  context: RunContext,
): Promise<FismWeights> {
  const counts = new Float64Array(train.items.keys.length);
  for (const { target, mentioned } of train.samples) if (!mentioned.includes(target)) counts[target]++;
  const first = initialFism(counts, options.embeddingSize, context.random.fork("fism/init"));
  const { value } = await context.stages.run({
    name: "fism",
    version: 1,
    inputs: { options, seed: context.seed, data: train.hash },
    format: weightsArtifact(first),
    compute: async () => {
      const decays = conversationNdcg(train) === undefined ? [options.weightDecay[0]] : options.weightDecay;
      let best: { weights: FismWeights; decay: number; metric: number } | undefined;
      for (const decay of decays) {
        const { weights, metric } = await trainFism(train, first, { ...options, decay }, context);
        if (best === undefined || metric > best.metric) best = { weights, decay, metric };
      }
      context.progress.note(
        `fism: weight decay ${best!.decay} has the best validation NDCG@10, ${best!.metric.toFixed(4)}`,
      );
      return best!.weights;
    },
  });
  return value as FismWeights;
}

/** Training proper: the weights of the epoch with the best validation NDCG@10, or of the last one without validation. */
export async function trainFism(
  train: ConversationTraining,
  first: FismWeights,
  options: Omit<FismOptions, "weightDecay"> & { decay: number },
  { random, progress, signal }: Pick<RunContext, "random" | "progress" | "signal">,
): Promise<{ weights: FismWeights; metric: number }> {
  const { learningRate, decay, epochs, batchSize, patience, negatives } = options;
  const samples = train.samples.filter(({ target, mentioned }) => !mentioned.includes(target));
  if (samples.length === 0) return { weights: first, metric: 0 };
  const trainer = createTrainer({
    name: "fism",
    parameters: first,
    optimizer: adamW({ learningRate, weightDecay: decay }),
    decays: (name) => name === "embeddings",
    loss: (parameters: Record<string, np.Array>, batch: { [Key in keyof FismBatch]: np.Array }) =>
      fismLoss({ embeddings: parameters.embeddings, bias: parameters.bias }, batch),
  });
  const size = Math.min(batchSize, samples.length);
  const drawn = Math.min(negatives, train.candidates.length);
  const ndcg = conversationNdcg(train);
  try {
    const report = await fit(trainer, {
      label: `fism (decay ${decay})`,
      epochs,
      examples: samples.length,
      batchSize,
      random: random.fork("fism/training"),
      progress,
      signal,
      batch: (examples, own) => {
        const sampled =
          drawn === train.candidates.length
            ? train.candidates
            : own.sample(train.candidates.length, drawn).map((n) => train.candidates[n]);
        const chosen = Array.from(examples, (n) => samples[n]);
        return { ...fismBatch(chosen, sampled, { ...options, size, length: options.history }) };
      },
      validation: ndcg && {
        patience,
        metric: () => ndcg(scoresOf(trainer.parameters, options, signal)),
      },
    });
    return { weights: trainer.parameterRecord() as FismWeights, metric: report.best?.metric ?? 0 };
  } finally {
    await trainer.release();
  }
}

/** Scores by weights. */
function scoresOf(
  weights: FismWeights,
  { alpha, history }: Pick<FismOptions, "alpha" | "history">,
  signal: AbortSignal,
): ScoreCases {
  return (cases) =>
    scoreRows(cases, weights.bias.data.length, signal, ({ mentioned }, row) => {
      fismScores(weights, mentioned, { length: history, alpha }, row);
    });
}
