import type { z } from "zod";
import { UsageError } from "../../core/errors.js";
import { Random } from "../../core/random.js";
import { withBackbone } from "../../recommenders/cold-start/backbone.js";
import { innerProducts } from "../../recommenders/factorisation/factors.js";
import {
  type Fitted,
  notCharged,
  type Recommender,
  type RecommenderKind,
  type RunContext,
} from "../../recommenders/recommender.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import { embedOptions } from "./embed.js";
import { filterOptions } from "./filter.js";
import {
  candidatePairs,
  filterUsers,
  type FunnelOptions,
  judgeCandidates,
  refine,
  searchRecall,
} from "./funnel.js";
import { judgeOptions } from "./judge.js";
import {
  acceptedPairs,
  countByItem,
  firstPairs,
  type Judgements,
  type Pairs,
  uniformPairs,
} from "./pairs.js";
import { simulatorOptions } from "./simulator.js";
import { updateEmbeddings, type UpdateOptions, updateOptions } from "./update.js";
import { nearestUsers, popularUsers, randomUsers, samplePairs } from "./who.js";

export type ColdLlmOptions = FunnelOptions & UpdateOptions;

/** The whole method's row. */
const COLDLLM = "coldllm";

type FilterTowers = ColdLlmOptions["filter"]["towers"];

const options = withBackbone(
  { ...updateOptions, ...simulatorOptions, ...embedOptions, ...filterOptions, ...judgeOptions },
  "lightgcn",
) as unknown as z.ZodType<ColdLlmOptions>;

/** The pairs that an arm makes up for the cold items, and what a judge was shown where it asked one. */
interface Simulation {
  readonly shown?: Pairs & { readonly logOdds: Float32Array | null };
  readonly pairs: Pairs;
}

/** What an arm can use. */
interface Workshop {
  readonly train: ColdStartTraining;
  readonly options: ColdLlmOptions;
  readonly context: RunContext;
  readonly random: Random;
  /** How many users ColdLLM's judge accepts for each item, without being charged for it: an arm takes as many. */
  readonly counts: () => Promise<Int32Array>;
}

interface Arm {
  readonly id: string;
  readonly kind: RecommenderKind;
  readonly summary: string;
  readonly simulate: (workshop: Workshop) => Promise<Simulation>;
  /** Options that make the arm what it is. */
  readonly fixed?: { readonly update?: ColdLlmOptions["update"]; readonly towers?: FilterTowers };
  /** True where it has users from elsewhere than the filter. */
  readonly unfiltered?: boolean;
  /** Groups of options that its own pairs don't depend on: at most their number does, and that is ColdLLM's to say. */
  readonly unused?: readonly string[];
}

/** What makes a row another row, and what says how much it asks and learns. */
const NATURE = [
  ...["judge", "update", "embed.from", "filter.towers", "filter.search"],
  ...["filter.users", "tuning.users"],
];

/** All that the judge and the filter are made of. */
const FUNNEL = ["preference", "tuning", "embed", "filter", "refine"];

/** ColdLLM, or what is left of it when some part is exchanged. */
function arm({
  id,
  kind,
  summary,
  simulate,
  fixed,
  unfiltered,
  unused = [],
}: Arm): Recommender<"cold-start", ColdLlmOptions> {
  return {
    id,
    task: "cold-start",
    kind,
    summary,
    options,
    seeded: true,
    onRequest: true,
    untuned: ({ judge, update, embed }) => [
      ...NATURE,
      ...unused,
      embed.from === "words" ? "embed.history" : "embed.size",
      ...(judge === "tuned" ? [] : ["tuning"]),
      ...((fixed?.update ?? update) === "cold-only" ? [] : ["coldOnly"]),
    ],
    async fit(train, given, context): Promise<Fitted<"cold-start">> {
      const { update = given.update, towers = given.filter.towers } = fixed ?? {};
      if (fixed?.towers !== undefined) requireOwnSearch(id, context);
      const own = { ...given, update, filter: { ...given.filter, towers } };
      const { shown, pairs } = await simulate({
        train,
        options: own,
        context,
        random: Random.fromSeed(context.seed).fork("coldllm").fork("pairs"),
        counts: async () => {
          const judged = await notCharged(context, (aside) =>
            refine(train, given, { ...aside, stages: aside.stages.for(COLDLLM) }),
          );
          return countByItem(acceptedPairs(judged, given.refine.accept), train.items.keys.length);
        },
      });
      const embeddings = await updateEmbeddings(train, pairs, own, context);
      const found = unfiltered ? undefined : await searchRecall(train, own, context);
      const stages = [
        ...(shown === undefined
          ? []
          : [{ stage: "filter", users: shown.users, items: shown.items, logOdds: shown.logOdds }]),
        { stage: "pairs", ...pairs, searchRecall: found },
      ];
      return {
        answer: (cases, { signal }) => innerProducts(embeddings, cases, signal),
        simulated: stages,
      };
    },
  };
}

/**
 * Candidates from a file were found by other towers than those that make the arm what it is.
 * @throws UsageError BAD_FROM.
 */
function requireOwnSearch(id: string, { stages }: RunContext): void {
  if (!stages.isGiven("filter")) return;
  throw new UsageError(
    "BAD_FROM",
    `${id} finds its candidates itself: a file of them would make it another row`,
    {
      hint: "Leave the row out, or give the file to one row alone: --from coldllm.filter=FILE.",
    },
  );
}

/** Candidates that were judged, and those of them that count. */
function judged(judgements: Judgements, accept: "yes" | number | Int32Array): Simulation {
  return { shown: judgements, pairs: acceptedPairs(judgements, accept) };
}

const byTheBook = async ({ train, options: own, context }: Workshop) =>
  judged(await refine(train, own, context), own.refine.accept);

/** What the model as it is says of ColdLLM's candidates. */
const zeroShot = async ({ train, options: own, context }: Workshop) =>
  judgeCandidates(
    train,
    await candidatePairs(train, own, context),
    "refine-zero-shot",
    own,
    context,
    "zero-shot",
  );

/** The filter's best, as many as the judge accepts. */
const byTheFilter = async ({ train, options: own, context, counts }: Workshop) => ({
  pairs: firstPairs(await filterUsers(train, own, context), await counts()),
});

/**
 * A language model says which users would take a new item, and the item learns from those pairs like a warm one. Stages: `simulator`
 * (the judge's adapter), `embed` (text vectors), `backbone`, `semantic` and `collaborative` (the filter's spaces), `filter`
 * (candidates), `refine` (the judge's answers), `update` (embeddings); each can be given from a file.
 */
export const coldLlm = arm({
  id: COLDLLM,
  kind: "llm",
  summary: "A language model simulates the users of new items (Huang et al., WSDM 2025).",
  simulate: byTheBook,
});

/** ColdLLM's arms: what its parts are worth. Unless said, they have as many pairs for each item as the judge accepted. */
export const COLDLLM_ARMS = [
  arm({
    id: "coldllm-filter",
    kind: "llm",
    summary: "ColdLLM without its judge: all candidates count.",
    unused: ["refine"],
    simulate: async ({ train, options: own, context }) => ({
      pairs: await candidatePairs(train, own, context),
    }),
  }),
  arm({
    id: "coldllm-filter-top",
    kind: "llm",
    summary: "ColdLLM without its judge: as many of the filter's best candidates.",
    unused: ["refine"],
    simulate: async ({ train, options: own, context, counts }) => ({
      pairs: firstPairs(await candidatePairs(train, own, context), await counts()),
    }),
  }),
  arm({
    id: "coldllm-sample",
    kind: "llm",
    summary: "ColdLLM without its judge: as many random candidates.",
    unused: ["refine"],
    simulate: async ({ train, options: own, context, counts, random }) => ({
      pairs: samplePairs(await candidatePairs(train, own, context), await counts(), random),
    }),
  }),
  arm({
    id: "coldllm-zero-shot",
    kind: "llm",
    summary: "ColdLLM with the language model as it is for a judge, on the same candidates.",
    async simulate(workshop) {
      return judged(await zeroShot(workshop), workshop.options.refine.accept);
    },
  }),
  arm({
    id: "coldllm-zero-shot-top",
    kind: "llm",
    summary:
      "ColdLLM with the language model as it is for a judge, as many of the same candidates by log-odds.",
    async simulate(workshop) {
      return judged(await zeroShot(workshop), await workshop.counts());
    },
  }),
  arm({
    id: "coldllm-uniform",
    kind: "llm",
    summary: "ColdLLM with as many pairs in all, equally many for every item, those of highest log-odds.",
    async simulate({ train, options: own, context }) {
      const judgements = await refine(train, own, context);
      return { shown: judgements, pairs: uniformPairs(judgements, acceptedPairs(judgements).users.length) };
    },
  }),
  arm({
    id: "coldllm-random-judged",
    kind: "llm",
    summary: "ColdLLM without its filter: the judge is asked about random users.",
    unfiltered: true,
    unused: ["filter"],
    async simulate({ train, options: own, context, random }) {
      const wanted = train.coldItems.map((cold) => cold * own.filter.users);
      const users = randomUsers(train, Int32Array.from(wanted), random);
      return judged(await judgeCandidates(train, users, "refine-random", own, context), own.refine.accept);
    },
  }),
  arm({
    id: "coldllm-semantic",
    kind: "llm",
    summary: "ColdLLM without its judge and its collaborative tower.",
    unused: ["refine", "filter.collaborative"],
    simulate: byTheFilter,
    fixed: { towers: "semantic" },
  }),
  arm({
    id: "coldllm-collaborative",
    kind: "llm",
    summary: "ColdLLM without its judge and its semantic tower.",
    unused: ["refine", "filter.size"],
    simulate: byTheFilter,
    fixed: { towers: "collaborative" },
  }),
  arm({
    id: "coldllm-cold-only",
    kind: "llm",
    summary: "ColdLLM that trains nothing but the cold items' embeddings.",
    simulate: byTheBook,
    fixed: { update: "cold-only" },
  }),
  arm({
    id: "coldllm-mean",
    kind: "llm",
    summary: "ColdLLM that gives a cold item the mean of its users' embeddings.",
    simulate: byTheBook,
    fixed: { update: "mean" },
  }),
  arm({
    id: "coldllm-fold-in",
    kind: "llm",
    summary: "ColdLLM that folds cold items into alternating least squares.",
    simulate: byTheBook,
    fixed: { update: "fold-in" },
  }),
  arm({
    id: "coldllm-content",
    kind: "classic",
    summary: "ColdLLM's update on the users nearest by TF-IDF of item texts.",
    unfiltered: true,
    unused: FUNNEL,
    simulate: async ({ train, counts }) => ({ pairs: nearestUsers(train, await counts()) }),
  }),
  arm({
    id: "coldllm-popular",
    kind: "control",
    summary: "ColdLLM's update on the most active users.",
    unfiltered: true,
    simulate: async ({ train, counts }) => ({ pairs: popularUsers(train, await counts()) }),
  }),
  arm({
    id: "coldllm-random",
    kind: "control",
    summary: "ColdLLM's update on random users.",
    unfiltered: true,
    simulate: async ({ train, counts, random }) => ({ pairs: randomUsers(train, await counts(), random) }),
  }),
] as const;
