import { z } from "zod";
import { fismOptions } from "../../recommenders/dialogue/fism.js";
import { sasRecDialogueOptions } from "../../recommenders/dialogue/sasrec.js";
import { AGGREGATORS, type AggregatorId } from "./aggregators.js";
import { type Classic, CLASSICS } from "./gate.js";
import { TELLINGS } from "./retell.js";

const AGGREGATOR_IDS = Object.keys(AGGREGATORS) as [AggregatorId, ...AggregatorId[]];

/** What the language model is told of a test dialogue. */
const tellingOptions = {
  /** `whole`, or less of it: `items`, `words`, `random-items`. */
  told: z.enum(TELLINGS).default("whole"),
};

/** How the language model writes lists. */
export const listOptions = {
  ...tellingOptions,
  /** Most tokens of a list that it writes. */
  maxNewTokens: z.int().min(8).default(128),
};

/** Whether an item that was drawn as a wrong one is left out where it is the row's right one; the published code leaves it in. */
const removeAccidentalHits = z.boolean().default(true);

/** How item embeddings learn what the language model would recommend. */
const lessonOptions = {
  /** So many titles are drawn from the language model for each dialogue: its own recommendations, which count as right. */
  labels: z.int().min(1).default(5),
  /** Where they come from: draws at temperature 1, or the first titles of the list that it writes greedily, as in the published code. */
  decoding: z.enum(["sampling", "greedy"]).default("sampling"),
  /** What a title counts as that is none of the catalogue: nothing beyond two edits, or the nearest at any distance, as in the published code. */
  grounding: z.enum(["edits", "nearest"]).default("edits"),
  /** The most training dialogues' turns that are learnt from, and as many validation turns at most: the newest. */
  turns: z.int().min(1).default(4000),
  /** Whether it also learns from items' descriptions, each with the title that the language model gave to it. */
  descriptions: z.boolean().default(true),
  /** Share of the items that are left out of this training altogether, to see how embeddings fare that it never met. */
  unseen: z.number().min(0).max(0.5).default(0.1),
  /** Wrong items drawn for a batch, without repeats; all items where there are no more. */
  negatives: z.int().min(1).default(2000),
  removeAccidentalHits,
  learningRate: z.number().positive().default(0.002),
  weightDecay: z.number().min(0).default(0),
  batchSize: z.int().min(1).default(512),
  /** The most passes over the pairs. */
  epochs: z.int().min(1).default(8),
  /** Stop after so many epochs in a row that recall the language model's lists of validation dialogues no better. */
  patience: z.int().min(1).default(2),
};

export const tableOptions = z.strictObject(lessonOptions);

export const reindexOptions = z.strictObject({
  ...lessonOptions,
  ...tellingOptions,
  /** What makes an item's embedding of its title's tokens. */
  aggregator: z.enum(AGGREGATOR_IDS).default("gru"),
  /** Whether GRU and transformer pass over the padding of short titles; the published code reads it. */
  mask: z.boolean().default(true),
});

export type LessonOptions = z.infer<typeof tableOptions>;
export type ReindexOptions = z.infer<typeof reindexOptions>;

/** How what is to be recommended is fitted to the platform. */
const platformOptions = {
  learningRate: z.number().positive().default(0.03),
  /** AdamW's decay, of biases to 0 and of scales to 1; of several the best on validation. */
  weightDecay: z.array(z.number().min(0)).min(1).default([0.01, 1]),
  /** Wrong items drawn for a batch, without repeats; all items where there are no more. */
  negatives: z.int().min(1).default(2000),
  removeAccidentalHits,
  batchSize: z.int().min(1).default(256),
  epochs: z.int().min(1).default(200),
  /**
   * Stop after so many epochs in a row without a better validation NDCG@10. Where the reindexed scores are far from the platform's it takes many
   * before the first item moves up far enough to count.
   */
  patience: z.int().min(1).default(40),
};

const adaptSection = z.strictObject({
  ...platformOptions,
  /** Trains the aggregator as well. */
  tune: z.boolean().default(false),
});

export const adaptOptions = reindexOptions.extend({ adapt: adaptSection.prefault({}) });

/** Where there is a factor for each item. */
export const scaleOptions = reindexOptions.extend({
  adapt: adaptSection
    .extend({
      /** What weight decay pulls the factors to: 1, which leaves the scores as they are, or 0, as in the published code. */
      scaleDecay: z.enum(["identity", "zero"]).default("identity"),
    })
    .prefault({}),
});

export type AdaptOptions = z.infer<typeof adaptOptions>;

export const gateOptions = adaptOptions.extend({
  /** The classic recommender behind the gate, which scores by the items named. */
  classic: z.enum(CLASSICS).default("fism"),
  /** Whether it starts as its own row is trained; in the published code it starts untrained. */
  pretrained: z.boolean().default(true),
  /** Options of `fism`, where that is behind the gate. */
  fism: fismOptions.prefault({}),
  /** Options of `sasrec`, where that is behind the gate. */
  sasrec: sasRecDialogueOptions.prefault({}),
});

/** The same with SASRec alone behind the gate. */
export const sasRecGateOptions = gateOptions.omit({ classic: true, fism: true });

/** The classic that the options of a gate ask for. */
export function gateClassic({
  classic,
  fism,
  sasrec,
}: Pick<z.infer<typeof gateOptions>, (typeof CLASSICS)[number] | "classic">): Classic {
  return classic === "fism" ? { id: classic, options: fism } : { id: classic, options: sasrec };
}

export const linearOptions = z.strictObject({
  ...platformOptions,
  learningRate: z.number().positive().default(0.003),
  weightDecay: z.array(z.number().min(0)).min(1).default([0.1, 1]),
});

const platformSchema = z.object(platformOptions);
export type PlatformOptions = z.infer<typeof platformSchema>;

/** Of a row's section `adapt`, what is said of training alone. */
export const platformOptionsOf = (section: PlatformOptions): PlatformOptions => platformSchema.parse(section);

/** What follows the published code only where it is asked to. */
const DEPARTURES = { decoding: "sampling", grounding: "edits", removeAccidentalHits: true, mask: true };

/** Options as inputs of a stage: a departure that is kept, which is the default, goes unsaid. */
export function stageOptions(options: object): Record<string, unknown> {
  const said = Object.entries(options).filter(
    ([name, value]) =>
      !Object.hasOwn(DEPARTURES, name) || DEPARTURES[name as keyof typeof DEPARTURES] !== value,
  );
  return Object.fromEntries(said);
}
