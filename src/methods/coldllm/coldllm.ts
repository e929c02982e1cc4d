import { z } from "zod";
import { ProviderError } from "../../core/errors.js";
import { innerProducts } from "../../recommenders/factorisation/factors.js";
import type { Recommender, RunContext } from "../../recommenders/recommender.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import { backboneChoices } from "../../recommenders/cold-start/backbone.js";
import { acceptedPairs, type Judgements, type Pairs } from "./pairs.js";
import { judgementsFormat } from "./pairs-file.js";
import { updateEmbeddings, type UpdateOptions, updateOptions } from "./update.js";

/** Options of ColdLLM and of its variations. */
const options: z.ZodType<UpdateOptions> = z.preprocess(
  (given) => ({ backbone: "lightgcn", ...(given as object) }),
  z.discriminatedUnion("backbone", [
    backboneChoices[0].extend(updateOptions),
    backboneChoices[1].extend(updateOptions),
    backboneChoices[2].extend(updateOptions),
    backboneChoices[3].extend(updateOptions),
  ]),
);

/**
 * ColdLLM: a language model says which users would take a new item, and the item learns from those pairs like a warm one.
 * Stages: `refine` (candidates with the judge's answers) and `update`; each can be given from a file.
 */
export const coldLlm: Recommender<"cold-start", UpdateOptions> = {
  id: "coldllm",
  task: "cold-start",
  kind: "llm",
  summary: "A language model simulates the users of new items (Huang et al., WSDM 2025).",
  options,
  seeded: true,
  onRequest: true,
  async fit(train, given, context) {
    return fitOn(acceptedPairs(await refine(train, context)), train, given, context);
  },
};

async function fitOn(pairs: Pairs, train: ColdStartTraining, given: UpdateOptions, context: RunContext) {
  const embeddings = await updateEmbeddings(train, pairs, given, context);
  return {
    answer: (cases: readonly { readonly user: number }[], { signal }: RunContext) =>
      innerProducts(embeddings, cases, signal),
  };
}

async function refine(train: ColdStartTraining, context: RunContext): Promise<Judgements> {
  const { value } = await context.stages.run({
    name: "refine",
    version: 1,
    inputs: { data: train.hash },
    format: judgementsFormat(train),
    compute: () =>
      Promise.reject(
        new ProviderError("NO_JUDGE", "no answers are given, and nobody is there to ask", {
          hint: "Give the answers of a judge: --from refine=FILE (columns user, item, answer).",
        }),
      ),
  });
  return value;
}
