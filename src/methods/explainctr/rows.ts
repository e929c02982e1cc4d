import type { z } from "zod";
import type { Recommender } from "../../recommenders/recommender.js";
import { zeroShotPrompt } from "./cases.js";
import { explain } from "./explanations.js";
import { judgeExplanations, yesProbabilities } from "./judge.js";
import { explainedOptions, type ExplanationOptions, zeroShotOptions } from "./options.js";

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

/** ExpCTR's rows, in the order in which tables show them. */
export const EXPLAINCTR: readonly Recommender<"ctr">[] = [llmZeroShot, expCtrLlm];
