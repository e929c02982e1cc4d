import { z } from "zod";

/** What is shown of a history. */
export const promptOptions = {
  /** Newest liked items in a prompt, and as many disliked ones. */
  shown: z.int().min(0).default(6),
};

export const zeroShotOptions = z.strictObject(promptOptions);

/** What an explanation depends on beside the model. */
export const explanationOptions = {
  ...promptOptions,
  /** Most tokens of an explanation. */
  maxNewTokens: z.int().min(1).default(64),
};

export const explainedOptions = z.strictObject(explanationOptions);

export type ExplanationOptions = z.infer<typeof explainedOptions>;
