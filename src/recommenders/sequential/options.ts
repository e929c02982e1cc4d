import { z } from "zod";

/** What all trained models of this family share. Defaults are RecBole's. */
const common = {
  /** Length of an embedding. */
  embedding: z.int().min(1).default(64),
  /** Adam's learning rate. */
  learningRate: z.number().positive().default(1e-3),
  /** Examples in a step. */
  batchSize: z.int().min(1).default(2048),
  /** The most passes over the examples. */
  epochs: z.int().min(1).default(300),
  /** Stop after so many epochs without a better validation NDCG@10; the best epoch's weights are kept. */
  patience: z.int().min(1).default(10),
  /** Added to each gradient, times the weight. */
  weightDecay: z.number().min(0).default(0),
};

/** Share of what is dropped in training, to 1/256. */
const dropout = z.number().min(0).max(0.99);

/**
 * Items that are foretold in one pass over a stretch of a sequence; by default half of the history's length. 1: a pass for each item,
 * as RecBole has it, each with its full history; slower by nearly that factor.
 */
const targets = z.int().min(1).optional();

export const fpmcOptions = z.strictObject(common);
export const gru4RecOptions = z.strictObject({
  ...common,
  dropout: dropout.default(0.3),
  targets,
  /** Width of the recurrent state. */
  hidden: z.int().min(1).default(128),
});
export const caserOptions = z.strictObject({
  ...common,
  dropout: dropout.default(0.4),
  /** The paper's. */
  weightDecay: z.number().min(0).default(1e-6),
  /** How many last items it looks at, at most. */
  length: z.int().min(1).max(50).default(5),
  /** Horizontal filters of each height. */
  horizontal: z.int().min(1).default(16),
  /** Vertical filters. */
  vertical: z.int().min(1).default(8),
});
export const sasRecOptions = z
  .strictObject({
    ...common,
    dropout: dropout.default(0.5),
    targets,
    layers: z.int().min(1).default(2),
    heads: z.int().min(1).default(2),
    /** Width of the feed-forward layer. */
    inner: z.int().min(1).default(256),
  })
  .refine(({ embedding, heads }) => embedding % heads === 0, {
    path: ["heads"],
    message: "the embedding's length must be a multiple of the number of heads",
  });

export type FpmcOptions = z.infer<typeof fpmcOptions>;
export type Gru4RecOptions = z.infer<typeof gru4RecOptions>;
export type CaserOptions = z.infer<typeof caserOptions>;
export type SasRecOptions = z.infer<typeof sasRecOptions>;
