import type { z } from "zod";
import type { Recommender, RecommenderKind } from "../../recommenders/recommender.js";
import { attributed } from "./attribution.js";
import { fitAugmented } from "./augmented.js";
import { zeroShotPrompt } from "./cases.js";
import { yesProbabilities } from "./judge.js";
import {
  alignmentOptions,
  type AlignmentOptions,
  augmentedOptions,
  type AugmentedOptions,
  imitationOptions,
  type ImitationOptions,
  peterOptions,
  sftOptions,
  type SftRowOptions,
  zeroShotOptions,
} from "./options.js";
import { fitReader, type Reading } from "./readers.js";
import { fitStacked } from "./stacked.js";
import type { Extent } from "./staged.js";
import { content, mixed, request, template, title, untrained, type Writer } from "./writers.js";

type Row<O> = Recommender<"ctr", O>;

/** A writer with what people are told of who that is. */
interface NamedWriter<O> {
  readonly write: Writer<O>;
  readonly by: string;
}

/** What all rows have in common: they tell a language model of items by their texts, and a run must name them. */
function row<O>(
  id: string,
  kind: RecommenderKind,
  summary: string,
  options: z.ZodType<O>,
  seeded: boolean,
  fit: Row<O>["fit"],
): Row<O> {
  return { id, task: "ctr", kind, summary, options, seeded, needsText: true, onRequest: true, fit };
}

/** Yes or No straight from the history. */
const llmZeroShot = row<z.infer<typeof zeroShotOptions>>(
  "llm-zero-shot",
  "llm",
  "P(Yes) of a language model asked with the user's newest liked items and the target.",
  zeroShotOptions,
  false,
  async ({ items }, { shown }, context) => {
    const model = await context.llm();
    return {
      answer: (cases, own) =>
        yesProbabilities(
          model,
          cases.map((one) => zeroShotPrompt(items, one, shown)),
          own,
        ),
    };
  },
);

const llmSft = row<SftRowOptions>(
  "llm-sft",
  "llm",
  "The same after LoRA fine-tuning on training pairs' Yes and No (TALLRec: Bao et al., RecSys 2023).",
  sftOptions,
  true,
  async (train, options, context) => (await import("./tuned.js")).fitSft(train, options, context),
);

/** Explanations that someone reads. */
function readerRow<O extends AugmentedOptions>(
  id: string,
  summary: string,
  schema: z.ZodType<O>,
  { write, by }: NamedWriter<O>,
  reading: Reading = "whole",
  seeded = true,
): Row<O> {
  const fit: Row<O>["fit"] = async (train, options, context) =>
    fitReader(await write(train, options, context), reading, train, options, context);
  return { ...row(id, "llm", summary, schema, seeded, fit), explainedBy: by };
}

/** A click-through model with texts about the pairs. */
function networkRow<O extends AugmentedOptions>(
  id: string,
  kind: RecommenderKind,
  summary: string,
  schema: z.ZodType<O>,
  writer: Writer<O>,
): Row<O> {
  return row(id, kind, summary, schema, true, async (train, options, context) => {
    const model = await context.llm();
    return fitAugmented(train, model, await writer(train, options, context), options, context);
  });
}

/** A click-through model with explanations. */
function augmentedRow<O extends AugmentedOptions>(
  id: string,
  summary: string,
  schema: z.ZodType<O>,
  { write, by }: NamedWriter<O>,
): Row<O> {
  return { ...networkRow(id, "llm", summary, schema, write), explainedBy: by };
}

/** Trained policies. Training is loaded when it is needed, not before. */
function trained(extent: Extent): Writer<AlignmentOptions> {
  return async (train, options, context) =>
    (await import("./staged.js")).trainedWriter(extent, train, options, context);
}

const imitating: Writer<ImitationOptions> = async (train, options, context) =>
  (await import("./tuned.js")).imitatingWriter(train, options, context);

/** The language model at each stage of its training. */
const UNTRAINED: NamedWriter<AugmentedOptions> = { write: untrained, by: "of the untrained model" };
const AFTER: Readonly<Record<Extent, NamedWriter<AlignmentOptions>>> = {
  lc: { write: trained("lc"), by: "after LC" },
  all: { write: trained("all"), by: "after LC and IC" },
  "ic-only": { write: trained("ic-only"), by: "after IC alone" },
};

const READINGS: readonly { readonly suffix: string; readonly reading: Reading; readonly words: string }[] = [
  { suffix: "", reading: "whole", words: "" },
  { suffix: "-unsaid", reading: "unsaid", words: ", read without the words that say the verdict" },
  {
    suffix: "-second",
    reading: "second",
    words: ", read by a regression on their words, without those that say the verdict",
  },
];

/** A writer's explanations under all readings. */
function readerRows<O extends AugmentedOptions>(
  id: string,
  summary: string,
  schema: z.ZodType<O>,
  writer: NamedWriter<O>,
  isTrained: boolean,
): Row<O>[] {
  return READINGS.map(({ suffix, reading, words }) =>
    readerRow(`${id}${suffix}`, `${summary}${words}.`, schema, writer, reading, isTrained),
  );
}

/** ExpCTR's rows, in the order in which tables show them. */
export const EXPLAINCTR: readonly Recommender<"ctr">[] = [
  llmZeroShot,
  llmSft,
  ...readerRows(
    "expctr-llm-untrained",
    "P(Yes) of a reader of the untrained model's explanations",
    augmentedOptions,
    UNTRAINED,
    false,
  ),
  ...readerRows(
    "expctr-llm-lc",
    "ExpCTR-LLM after stage 1, the explainer taught by a frozen reader's answers (Yu et al., WSDM 2025)",
    alignmentOptions,
    AFTER.lc,
    true,
  ),
  readerRow(
    "expctr-llm-ic-only",
    "ExpCTR-LLM taught by the click-through model's answers alone.",
    alignmentOptions,
    AFTER["ic-only"],
  ),
  ...readerRows(
    "expctr-llm",
    "ExpCTR-LLM after all three stages (Yu et al., WSDM 2025)",
    alignmentOptions,
    AFTER.all,
    true,
  ),
  readerRow(
    "post-hoc-template",
    "A reader of a sentence by rule about the most similar liked and disliked items.",
    augmentedOptions,
    { write: template, by: "by rule" },
    "whole",
    false,
  ),
  readerRow(
    "post-hoc-attribution",
    "A reader of the click-through model's own reasons, put in words.",
    augmentedOptions,
    { write: attributed, by: "of the click-through model's own reasons" },
  ),
  readerRow(
    "peter",
    "A reader of a small Transformer that knows users and items by number alone (after PETER: Li et al., ACL 2021).",
    peterOptions,
    {
      write: async (train, options, context) =>
        (await import("./peter.js")).peterWriter(train, options, context),
      by: "of PETER",
    },
  ),
  readerRow(
    "recexplainer",
    "A reader of a model that was taught to answer as the click-through model does (after RecExplainer: Lei et al., KDD 2024).",
    imitationOptions,
    { write: imitating, by: "of RecExplainer" },
  ),
  augmentedRow(
    "expctr-aug-untrained",
    "A click-through model with the untrained model's explanations as one more field.",
    augmentedOptions,
    UNTRAINED,
  ),
  augmentedRow(
    "expctr-aug-lc",
    "ExpCTR-Aug after stage 1: a click-through model with those explanations.",
    alignmentOptions,
    AFTER.lc,
  ),
  augmentedRow(
    "expctr-aug-ic-only",
    "ExpCTR-Aug with an explainer that the click-through model alone taught.",
    alignmentOptions,
    AFTER["ic-only"],
  ),
  augmentedRow(
    "expctr-aug",
    "ExpCTR-Aug after all three stages (Yu et al., WSDM 2025).",
    alignmentOptions,
    AFTER.all,
  ),
  {
    ...row<AlignmentOptions>(
      "expctr-stacked",
      "llm",
      "The click-through model alone and the reader of ExpCTR's explanations, joined by a regression on validation pairs.",
      alignmentOptions,
      true,
      async (train, options, context) =>
        fitStacked(await AFTER.all.write(train, options, context), train, options, context),
    ),
    explainedBy: AFTER.all.by,
  },
  networkRow(
    "expctr-aug-shuffled",
    "control",
    "The same with each explanation given to another pair, and trained on them so.",
    alignmentOptions,
    mixed(AFTER.all.write),
  ),
  networkRow(
    "expctr-aug-prompt",
    "control",
    "The click-through model with the request for an explanation itself: what it says without any explanation.",
    augmentedOptions,
    request,
  ),
  networkRow(
    "expctr-aug-template",
    "control",
    "The same with a sentence by rule about the most similar liked and disliked items.",
    augmentedOptions,
    template,
  ),
  networkRow(
    "expctr-aug-title",
    "control",
    "The same with the target's title line alone.",
    augmentedOptions,
    title,
  ),
  networkRow(
    "expctr-aug-content",
    "control",
    "The same with the target's title, genres and texts: ID and content.",
    augmentedOptions,
    content,
  ),
];
