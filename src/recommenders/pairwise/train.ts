import { Pace } from "../../core/pace.js";
import { int32 } from "../../engine/run/tensor.js";
import { fit, type Trainable } from "../../engine/train/fit.js";
import { type Factors, innerProducts } from "../factorisation/factors.js";
import { pairSampler } from "../sampling/negatives.js";
import { validationNdcg } from "../validation.js";
import type { PairwiseData } from "./data.js";
import type { PairwiseBatch } from "./model.js";
import type { TrainingContext, TrainingExtras } from "./options.js";

/** A model of users and items by embeddings that learns from triples. */
export interface EmbeddingModel extends Trainable<PairwiseBatch> {
  /** Embeddings as they are now, whose inner products are the scores. */
  embeddings(): Factors | Promise<Factors>;
}

type Schedule = Readonly<Record<"batchSize" | "epochs" | "validateEvery" | "patience", number>>;

/**
 * Trains a model by Bayesian personalised ranking: epochs over all pairs in random order, one fresh negative for each, and
 * early stopping on validation NDCG@20 ({@link validationNdcg}), with the best epoch's embeddings kept.
 * @returns the embeddings; those of users and items without a training pair are zero vectors.
 */
export async function trainPairwise(
  label: string,
  model: EmbeddingModel,
  data: PairwiseData,
  { batchSize, epochs, validateEvery, patience }: Schedule,
  { random, progress, signal }: TrainingContext,
  extras: TrainingExtras = {},
): Promise<Factors> {
  const sampler = pairSampler(data.matrix, data.examples);
  const ndcg = validationNdcg(data);
  // The signal is left to fit(), which writes a checkpoint before it stops.
  const pace = new Pace(new AbortController().signal);
  const { checkpoint, checkpointSpacing: spacing = 30 } = extras;
  if (sampler.users.length > 0) {
    const report = await fit(model, {
      epochs,
      examples: sampler.users.length,
      batchSize,
      random: random.fork("training"),
      batch: async (examples, own) => {
        if (pace.due()) await pace.breathe();
        const user = examples.map((example) => sampler.users[example]);
        return {
          user: int32(user),
          positive: int32(examples.map((example) => sampler.items[example])),
          negative: int32(user.map((one) => sampler.negative(one, own))),
        };
      },
      validation: ndcg && {
        metric: async () => {
          const embeddings = await model.embeddings();
          return ndcg((users) => innerProducts(embeddings, users, signal));
        },
        every: validateEvery,
        patience,
      },
      checkpoint: checkpoint === undefined ? undefined : { folder: checkpoint, spacing },
      progress,
      label,
      signal,
    });
    extras.onReport?.(report);
    const best = report.best;
    if (best !== null) {
      const end = report.stoppedEarly ? "stopped early" : "all epochs";
      progress.note(
        `${label}: validation NDCG@20 ${best.metric.toFixed(4)} at epoch ${best.epoch} of ${report.epochs.length} (${end})`,
      );
    }
  }
  return model.embeddings();
}
