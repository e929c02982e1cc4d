import type { z } from "zod";
import type { Random } from "../../core/random.js";
import { itemLine } from "../../data/dataset.js";
import type { LanguageModel } from "../../llm/language-model.js";
import type { Recommender, RecommenderKind } from "../../recommenders/recommender.js";
import type { CtrTraining } from "../../tasks/ctr.js";
import { fitAugmented, type TextsOf } from "./augmented.js";
import { type ExplainedCase, generationPrompt, zeroShotPrompt } from "./cases.js";
import { explain } from "./explanations.js";
import { judgeExplanations, yesProbabilities } from "./judge.js";
import {
  type AlignmentOptions,
  alignmentOptions,
  type AugmentedOptions,
  augmentedOptions,
  explainedOptions,
  type ExplanationOptions,
  zeroShotOptions,
} from "./options.js";
import { shuffled, templateText } from "./texts.js";

/** Yes or No straight from the history. */
const llmZeroShot: Recommender<"ctr", z.infer<typeof zeroShotOptions>> = {
  id: "llm-zero-shot",
  task: "ctr",
  kind: "llm",
  summary: "P(Yes) of a language model asked with the user's newest liked items and the target.",
  options: zeroShotOptions,
  seeded: false,
  onRequest: true,
  async fit({ items }, { shown }, context) {
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
};

/** The untrained model's explanations, read back by the same model. */
const expCtrLlm: Recommender<"ctr", ExplanationOptions> = {
  id: "expctr-llm",
  task: "ctr",
  kind: "llm",
  summary:
    "The untrained model explains, and P(Yes) of a reader of the explanation counts (Yu et al., WSDM 2025).",
  options: explainedOptions,
  seeded: false,
  onRequest: true,
  async fit(train, options, context) {
    const model = await context.llm();
    return {
      async answer(cases, own) {
        const { explanations } = await explain(train, cases, model, options, own);
        const texts = explanations.map(({ text }) => text);
        return judgeExplanations(
          model,
          train.items,
          cases.map(({ item }) => item),
          texts,
          own,
        );
      },
    };
  },
};

/** A click-through model with some text about each pair. */
function augmented(
  id: string,
  kind: RecommenderKind,
  summary: string,
  textsOf: (train: CtrTraining, model: LanguageModel, options: AugmentedOptions, random: Random) => TextsOf,
): Recommender<"ctr", AugmentedOptions> {
  return {
    id,
    task: "ctr",
    kind,
    summary,
    options: augmentedOptions,
    seeded: true,
    onRequest: true,
    async fit(train, options, context) {
      const model = await context.llm();
      const texts = textsOf(train, model, options, context.random.fork("texts"));
      return fitAugmented(train, model, texts, options, context);
    },
  };
}

/** The model's explanations as texts. */
function explanationsBy(train: CtrTraining, model: LanguageModel, options: ExplanationOptions): TextsOf {
  return async (cases, context) =>
    (await explain(train, cases, model, options, context)).explanations.map(({ text }) => text);
}

/** The same for each case, whatever the others are. */
function each(textOf: (one: ExplainedCase) => string): TextsOf {
  return (cases) => Promise.resolve(cases.map(textOf));
}

/** The method itself, after one of its stages. Training is loaded when it is fitted, not before. */
function staged(
  id: string,
  use: "reader" | "network",
  last: "lc" | "ic",
  summary: string,
): Recommender<"ctr", AlignmentOptions> {
  return {
    id,
    task: "ctr",
    kind: "llm",
    summary,
    options: alignmentOptions,
    seeded: true,
    onRequest: true,
    async fit(train, options, context) {
      const { fitStaged } = await import("./staged.js");
      return fitStaged(use, last, train, options, context);
    },
  };
}

/** ExpCTR's rows, in the order in which tables show them. */
export const EXPLAINCTR: readonly Recommender<"ctr">[] = [
  llmZeroShot,
  expCtrLlm,
  augmented(
    "expctr-aug-untrained",
    "llm",
    "A click-through model with the untrained model's explanations as one more field (Yu et al., WSDM 2025, before training).",
    explanationsBy,
  ),
  augmented(
    "expctr-aug-shuffled",
    "control",
    "The same with each explanation given to another pair, and trained on them so.",
    (train, model, options, random) => async (cases, context) =>
      shuffled(await explanationsBy(train, model, options)(cases, context), random.fork(cases.length)),
  ),
  augmented(
    "expctr-aug-prompt",
    "control",
    "The same with the request for an explanation itself: what it says without any explanation.",
    ({ items }, _model, { shown }) => each((one) => generationPrompt(items, one, shown)),
  ),
  augmented(
    "expctr-aug-template",
    "control",
    "The same with a sentence by rule about the most similar liked and disliked items.",
    ({ items }) => each((one) => templateText(items, one)),
  ),
  augmented("expctr-aug-title", "control", "The same with the target's title line alone.", ({ items }) =>
    each(({ item }) => itemLine(items, item)),
  ),
  staged(
    "expctr-llm-lc",
    "reader",
    "lc",
    "ExpCTR-LLM after stage 1: the explainer learns from a frozen reader's answers (Yu et al., WSDM 2025).",
  ),
  staged(
    "expctr-aug-lc",
    "network",
    "lc",
    "ExpCTR-Aug after stage 1: a click-through model with those explanations.",
  ),
  staged(
    "expctr-llm-ic",
    "reader",
    "ic",
    "ExpCTR-LLM after stage 3: the click-through model's answers reward too.",
  ),
  staged("expctr-aug-ic", "network", "ic", "ExpCTR-Aug after stage 3 (Yu et al., WSDM 2025)."),
];
