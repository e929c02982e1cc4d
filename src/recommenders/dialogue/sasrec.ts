import { z } from "zod";
import { historyOptions, historyRecommender } from "./history-training.js";
import { sasRecModel } from "./sasrec-model.js";

export const sasRecDialogueOptions = z
  .strictObject({
    ...historyOptions,
    learningRate: z.number().positive().default(0.001),
    /** Of several the best on validation, as for FISM; at this rate none from 0 to 10 makes a difference on INSPIRED. */
    weightDecay: z.array(z.number().min(0)).min(1).default([1]),
    layers: z.int().min(1).default(2),
    heads: z.int().min(1).default(2),
    /** Width of the feed-forward layer. */
    inner: z.int().min(1).default(256),
    /** Share of what is dropped in training, to 1/256. */
    dropout: z.number().min(0).max(0.99).default(0.5),
  })
  .refine(({ embeddingSize, heads }) => embeddingSize % heads === 0, {
    path: ["heads"],
    message: "the embedding's length must be a multiple of the number of heads",
  });

export type SasRecDialogueOptions = z.infer<typeof sasRecDialogueOptions>;

/** SASRec on the items named. */
export const sasrecConversation = historyRecommender(
  "SASRec on the items named, in their order (Kang and McAuley, ICDM 2018).",
  sasRecDialogueOptions,
  "sasrec",
  sasRecModel,
);
