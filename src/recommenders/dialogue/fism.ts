import { z } from "zod";
import { fismModel } from "./fism-model.js";
import { historyOptions, historyRecommender } from "./history-training.js";

export const fismOptions = z.strictObject({
  ...historyOptions,
  /** The sum of the items named is divided by their number to this power. */
  alpha: z.number().min(0).max(1).default(0.5),
});

export type FismOptions = z.infer<typeof fismOptions>;

/** FISM on the items named. */
export const fism = historyRecommender(
  "Factored item similarity on the items named (Kabbur, Ning and Karypis, KDD 2013).",
  fismOptions,
  "fism",
  fismModel,
);
