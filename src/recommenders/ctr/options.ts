import { z } from "zod";

/** What all click-through models share. Defaults are those of RecBole and FuxiCTR where these agree. */
const common = {
  /** Adam's learning rate. */
  learningRate: z.number().positive().default(1e-3),
  batchSize: z.int().min(1).default(2048),
  /** Most passes over the training pairs. */
  epochs: z.int().min(1).default(20),
  /** Stop after so many epochs without a better validation AUC; the best epoch's weights are kept. */
  patience: z.int().min(1).default(2),
  /** Weight of half the squared length of embeddings and first-order weights in the loss. */
  l2: z.number().min(0).default(1e-5),
};

/** Length of an embedding. */
const embedding = z.int().min(1).default(16);
/** Widths of the hidden layers; [] for none. */
const hidden = z.array(z.int().min(1)).default([64, 64, 64]);
/** Share of each layer's inputs that is dropped in training, to 1/256. */
const dropout = z.number().min(0).max(0.99).default(0);
const deep = { ...common, embedding, hidden, dropout };

export const lrOptions = z.strictObject({
  ...common,
  /** Ten times that of the others: without layers to multiply it, 20 epochs at 0.001 end far from the optimum. */
  learningRate: z.number().positive().default(1e-2),
});
export const fmOptions = z.strictObject({ ...common, embedding });
export const deepOptions = z.strictObject(deep);
export const dcnOptions = z.strictObject({
  ...deep,
  /** Cross layers. */
  crossLayers: z.int().min(1).default(3),
});
export const autoIntOptions = z.strictObject({
  ...deep,
  /** Interacting layers. */
  layers: z.int().min(1).default(3),
  heads: z.int().min(1).default(2),
  /** Width of each head. */
  headWidth: z.int().min(1).default(16),
});
export const xDeepFmOptions = z.strictObject({
  ...deep,
  /** Feature maps of each layer of the compressed interaction network. */
  maps: z.array(z.int().min(1)).min(1).default([16, 16, 16]),
});
export const dinOptions = z.strictObject({
  ...deep,
  /** Widths of the hidden layers that weigh an item of the history against the target. */
  attention: z.array(z.int().min(1)).min(1).default([64]),
});

export type LrOptions = z.infer<typeof lrOptions>;
export type FmOptions = z.infer<typeof fmOptions>;
export type DeepOptions = z.infer<typeof deepOptions>;
export type DcnOptions = z.infer<typeof dcnOptions>;
export type AutoIntOptions = z.infer<typeof autoIntOptions>;
export type XDeepFmOptions = z.infer<typeof xDeepFmOptions>;
export type DinOptions = z.infer<typeof dinOptions>;
/** What the shared trainer reads; models without embeddings or dropout lack those. */
export type TrainingOptions = LrOptions & { embedding?: number; dropout?: number };
