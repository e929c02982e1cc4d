import { z } from "zod";
import { Random } from "../../core/random.js";
import { innerProducts } from "../../recommenders/factorisation/factors.js";
import type { Fitted, Recommender, RecommenderKind, RunContext } from "../../recommenders/recommender.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import { backboneChoices } from "../../recommenders/cold-start/backbone.js";
import { candidatePairs, refine } from "./funnel.js";
import { acceptedPairs, countByItem, type Pairs } from "./pairs.js";
import { updateEmbeddings, type UpdateOptions, updateOptions } from "./update.js";
import { nearestUsers, popularUsers, randomUsers, samplePairs } from "./who.js";

const options: z.ZodType<UpdateOptions> = z.preprocess(
  (given) => ({ backbone: "lightgcn", ...(given as object) }),
  z.discriminatedUnion("backbone", [
    backboneChoices[0].extend(updateOptions),
    backboneChoices[1].extend(updateOptions),
    backboneChoices[2].extend(updateOptions),
    backboneChoices[3].extend(updateOptions),
  ]),
);

/** The pairs that an arm makes up for the cold items, and what a judge was shown where it asked one. */
interface Simulation {
  readonly shown?: Pairs;
  readonly pairs: Pairs;
}
type Simulate = (train: ColdStartTraining, context: RunContext, random: Random) => Promise<Simulation>;

/** ColdLLM, or what is left of it when some part is exchanged: the same update on other pairs. */
function arm(
  id: string,
  kind: RecommenderKind,
  summary: string,
  simulate: Simulate,
): Recommender<"cold-start", UpdateOptions> {
  return {
    id,
    task: "cold-start",
    kind,
    summary,
    options,
    seeded: true,
    onRequest: true,
    async fit(train, given, context): Promise<Fitted<"cold-start">> {
      const random = Random.fromSeed(context.seed).fork("coldllm").fork("pairs");
      const { shown, pairs } = await simulate(train, context, random);
      const embeddings = await updateEmbeddings(train, pairs, given, context);
      const stages = [
        ...(shown === undefined ? [] : [{ stage: "filter", ...shown }]),
        { stage: "pairs", ...pairs },
      ];
      return {
        answer: (cases, { signal }) => innerProducts(embeddings, cases, signal),
        simulated: stages,
      };
    },
  };
}

/** How many users the judge accepted for each item: an arm takes as many. */
async function acceptedCounts(train: ColdStartTraining, context: RunContext): Promise<Int32Array> {
  return countByItem(acceptedPairs(await refine(train, context)), train.items.keys.length);
}

/**
 * A language model says which users would take a new item, and the item learns from those pairs like a warm one. Stages: `filter`
 * (candidates), `refine` (the judge's answers), `update` (embeddings); each can be given from a file.
 */
export const coldLlm = arm(
  "coldllm",
  "llm",
  "A language model simulates the users of new items (Huang et al., WSDM 2025).",
  async (train, context) => {
    const judged = await refine(train, context);
    return { shown: judged, pairs: acceptedPairs(judged) };
  },
);

/** ColdLLM's arms: what its parts are worth. All but `coldllm-filter` have as many pairs for each item as the judge accepted. */
export const COLDLLM_ARMS = [
  arm(
    "coldllm-filter",
    "llm",
    "ColdLLM without its judge: all candidates count.",
    async (train, context) => ({ pairs: await candidatePairs(train, context) }),
  ),
  arm(
    "coldllm-sample",
    "llm",
    "ColdLLM with as many random candidates as its judge accepts.",
    async (train, context, random) => {
      const candidates = await candidatePairs(train, context);
      return { pairs: samplePairs(candidates, await acceptedCounts(train, context), random) };
    },
  ),
  arm(
    "coldllm-content",
    "classic",
    "ColdLLM's update on the users nearest by TF-IDF of item texts.",
    async (train, context) => ({ pairs: nearestUsers(train, await acceptedCounts(train, context)) }),
  ),
  arm("coldllm-popular", "control", "ColdLLM's update on the most active users.", async (train, context) => ({
    pairs: popularUsers(train, await acceptedCounts(train, context)),
  })),
  arm("coldllm-random", "control", "ColdLLM's update on random users.", async (train, context, random) => ({
    pairs: randomUsers(train, await acceptedCounts(train, context), random),
  })),
] as const;
