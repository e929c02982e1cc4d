import { z } from "zod";
import type { FitReport } from "../../engine/train/fit.js";
import type { RunContext } from "../recommender.js";

/** Options that all pairwise models share, with RecBole's defaults. */
export const pairwiseOptions = {
  /** Length of an embedding. */
  embeddingSize: z.int().min(1).default(64),
  /** Adam's learning rate. */
  learningRate: z.number().positive().default(0.001),
  /** Pairs in a step. */
  batchSize: z.int().min(1).default(2048),
  /** The most passes over the pairs. */
  epochs: z.int().min(1).default(300),
  /** Validate after every so many epochs. */
  validateEvery: z.int().min(1).default(1),
  /** Stop after so many validations in a row without a better NDCG@20. */
  patience: z.int().min(1).default(10),
};

/** What training needs of a run. */
export type TrainingContext = Pick<RunContext, "random" | "progress" | "signal">;

export interface TrainingExtras {
  /** A folder for checkpoints: a run that was killed is gone on with from there. */
  readonly checkpoint?: string;
  /** Seconds between checkpoints; default 30. */
  readonly checkpointSpacing?: number;
  /** Told how it went. */
  readonly onReport?: (report: FitReport) => void;
}
