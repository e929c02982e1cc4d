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
  writer: Writer<O>,
  reading: Reading = "whole",
  seeded = true,
): Row<O> {
  return row(id, "llm", summary, schema, seeded, async (train, options, context) =>
    fitReader(await writer(train, options, context), reading, train, options, context),
  );
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

/** Trained policies. Training is loaded when it is needed, not before. */
function trained(extent: Extent): Writer<AlignmentOptions> {
  return async (train, options, context) =>
    (await import("./staged.js")).trainedWriter(extent, train, options, context);
}

const imitating: Writer<ImitationOptions> = async (train, options, context) =>
  (await import("./tuned.js")).imitatingWriter(train, options, context);

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
  writer: Writer<O>,
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
    untrained,
    false,
  ),
  ...readerRows(
    "expctr-llm-lc",
    "ExpCTR-LLM after stage 1, the explainer taught by a frozen reader's answers (Yu et al., WSDM 2025)",
    alignmentOptions,
    trained("lc"),
    true,
  ),
  readerRow(
    "expctr-llm-ic-only",
    "ExpCTR-LLM taught by the click-through model's answers alone.",
    alignmentOptions,
    trained("ic-only"),
  ),
  ...readerRows(
    "expctr-llm",
    "ExpCTR-LLM after all three stages (Yu et al., WSDM 2025)",
    alignmentOptions,
    trained("all"),
    true,
  ),
  readerRow(
    "post-hoc-template",
    "A reader of a sentence by rule about the most similar liked and disliked items.",
    augmentedOptions,
    template,
    "whole",
    false,
  ),
  readerRow(
    "post-hoc-attribution",
    "A reader of the click-through model's own reasons, put in words.",
    augmentedOptions,
    attributed,
  ),
  readerRow(
    "peter",
    "A reader of a small Transformer that knows users and items by number alone (after PETER: Li et al., ACL 2021).",
    peterOptions,
    async (train, options, context) => (await import("./peter.js")).peterWriter(train, options, context),
  ),
  readerRow(
    "recexplainer",
    "A reader of a model that was taught to answer as the click-through model does (after RecExplainer: Lei et al., KDD 2024).",
    imitationOptions,
    imitating,
  ),
  networkRow(
    "expctr-aug-untrained",
    "llm",
    "A click-through model with the untrained model's explanations as one more field.",
    augmentedOptions,
    untrained,
  ),
  networkRow(
    "expctr-aug-lc",
    "llm",
    "ExpCTR-Aug after stage 1: a click-through model with those explanations.",
    alignmentOptions,
    trained("lc"),
  ),
  networkRow(
    "expctr-aug-ic-only",
    "llm",
    "ExpCTR-Aug with an explainer that the click-through model alone taught.",
    alignmentOptions,
    trained("ic-only"),
  ),
  networkRow(
    "expctr-aug",
    "llm",
    "ExpCTR-Aug after all three stages (Yu et al., WSDM 2025).",
    alignmentOptions,
    trained("all"),
  ),
  row<AlignmentOptions>(
    "expctr-stacked",
    "llm",
    "The click-through model alone and the reader of ExpCTR's explanations, joined by a regression on validation pairs.",
    alignmentOptions,
    true,
    async (train, options, context) =>
      fitStacked(await trained("all")(train, options, context), train, options, context),
  ),
  networkRow(
    "expctr-aug-shuffled",
    "control",
    "The same with each explanation given to another pair, and trained on them so.",
    alignmentOptions,
    mixed(trained("all")),
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
