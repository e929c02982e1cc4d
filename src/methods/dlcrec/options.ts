import { z } from "zod";
import { PROJECTIONS } from "../../llm/checkpoint/tensors.js";

/** What a sub-task's adapter is trained on, beside the windows as they are: noise (N), spread numbers of genres (D), both, or nothing. */
const augmentation = z.enum(["none", "n", "d", "nd"]);
export type Augmentation = z.infer<typeof augmentation>;

/** How adapters are trained. */
const tuning = z
  .strictObject({
    /** Windows drawn from the training part; each augmentation adds as many samples. */
    samples: z.int().min(1).default(1000),
    rank: z.int().min(1).default(8),
    alpha: z.number().positive().default(16),
    dropout: z.number().min(0).max(0.95).default(0),
    targets: z
      .array(z.enum(PROJECTIONS))
      .min(1)
      .default([...PROJECTIONS]),
    learningRate: z.number().positive().default(3e-3),
    batchSize: z.int().min(1).default(16),
    /** The most passes; training stops where the loss on validation windows has not fallen for `patience` of them. */
    epochs: z.int().min(1).default(3),
    patience: z.int().min(1).default(2),
    /** Validation windows, at most. */
    validation: z.int().min(0).default(100),
    /** `all`: the question's words are learnt too, as in the paper's code. */
    lossOn: z.enum(["completion", "all"]).default("completion"),
  })
  .prefault({});

/** Options that DLCRec and its arms share. */
export const dlcrecOptions = z.strictObject({
  /** `trail`, `published`, or a YAML file of prompts. */
  templates: z.string().min(1).default("trail"),
  /** Samples that GF learns from. */
  gf: augmentation.default("nd"),
  /** Samples that IP learns from. */
  ip: augmentation.default("nd"),
  /** Share of items that IP-N exchanges. */
  noise: z.number().min(0).max(1).default(0.3),
  /** IP-D with the defect of the published code: no future where no genre is added. */
  strict: z.boolean().default(false),
  /**
   * How answers are written. `free`: in the model's own words, then read and grounded. `catalogue`: along tries, the program writing all
   * around them: GP names exactly as many different genres as are asked for, GF gives each a place, the list holds real items that are not in
   * it yet. `genre`: each of them of its place's genre as well.
   */
  decoding: z.enum(["free", "catalogue", "genre"]).default("free"),
  grounding: z
    .strictObject({
      /** Nearest by the base model's embeddings of titles, or by their letters. */
      by: z.enum(["embedding", "letters"]).default("embedding"),
      /** Items known to be liked are no answer. */
      exclude: z.boolean().default(true),
      /** No item twice in a list. */
      unique: z.boolean().default(true),
      /** BIGRec's gamma: distances are divided by (1 + popularity)^gamma. */
      popularity: z.number().min(0).default(0),
    })
    .superRefine(({ by, popularity }, context) => {
      if (by === "embedding" || popularity === 0) return;
      context.addIssue({
        ...{ code: "custom", path: ["popularity"] },
        message: "distances of embeddings are weighed, and by=letters has none",
        params: { hint: "Set grounding.by=embedding, or leave grounding.popularity at 0." },
      });
    })
    .prefault({}),
  tuning,
});

export type DlcrecOptions = z.infer<typeof dlcrecOptions>;
