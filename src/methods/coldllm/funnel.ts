import { DataError } from "../../core/errors.js";
import type { BackboneChoice } from "../../recommenders/cold-start/backbone.js";
import { jsonArtifact, type StageResult } from "../../core/stages.js";
import { notCharged, type RunContext } from "../../recommenders/recommender.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import { type EmbedOptions, textStates, type TextStates } from "./embed.js";
import { coupledSpaces, type FilterOptions } from "./filter.js";
import { itemsWithWords } from "../../data/items-in-words.js";
import { askJudge, type JudgeOptions } from "./judge.js";
import { candidatesFormat, judgementsFormat } from "./pairs-file.js";
import { type Candidates, hashPairs, type Judgements, type Pairs } from "./pairs.js";
import { userSearch, warnOfRecall } from "./search.js";
import { simulator, type SimulatorOptions } from "./simulator.js";
import { loadUsearch } from "./user-index.js";
import { withAdapter } from "../../llm/local/with-adapter.js";

export type FunnelOptions = SimulatorOptions & EmbedOptions & FilterOptions & JudgeOptions & BackboneChoice;

/** Above this share of Yes a judge tells hardly anything apart. */
const TELLS_NOTHING = 0.99;

/** The stage `filter`: the users that each cold item is shown to the judge with. */
export async function filterUsers(
  train: ColdStartTraining,
  options: FunnelOptions,
  context: RunContext,
): Promise<Candidates> {
  const { stages, progress } = context;
  const { search, spaces, key } = stages.isGiven("filter")
    ? NO_SEARCH
    : await searchOf(train, options, context);
  const { value } = await stages.run({
    name: "filter",
    version: 1,
    inputs: { ...key, users: options.filter.users, data: train.hash },
    format: candidatesFormat(train),
    compute: () => search!.find(spaces!.items, judgeable(train)),
  });
  const has = new Set(value.items);
  const without = train.coldItems.reduce(
    (sum, cold, item) => sum + (cold === 1 && !has.has(item) ? 1 : 0),
    0,
  );
  if (without > 0) progress.warn(`coldllm: the filter has no user for ${without} cold items`);
  return value;
}

/**
 * The share of the exact search's candidates that an approximate one finds, over a sample of the cold items that are searched for both ways,
 * which the recommender isn't charged for; undefined where the search is exact or the run's candidates come from outside.
 */
export async function searchRecall(
  train: ColdStartTraining,
  options: FunnelOptions,
  context: RunContext,
): Promise<number | undefined> {
  const { stages } = context;
  if (options.filter.search === "exact" || stages.isGiven("filter") || stages.isGiven("refine")) return;
  const { value } = await notCharged(context, async (aside) => {
    const { search, spaces, key } = await searchOf(train, options, aside);
    return aside.stages.run({
      name: "search-recall",
      version: 1,
      inputs: { ...key, users: options.filter.users, seed: context.seed, data: train.hash },
      format: jsonArtifact("recall.json", (found) => found as { recall?: number }),
      compute: async () => ({ recall: await search.recall(spaces.items, judgeable(train)) }),
    });
  });
  warnOfRecall(value.recall, context.progress);
  return value.recall;
}

/**
 * The stage `refine`: the judge's answer for every candidate. Given answers need no filter; where both are given, they must belong
 * together.
 */
export async function refine(
  train: ColdStartTraining,
  options: FunnelOptions,
  context: RunContext,
): Promise<Judgements> {
  const { stages, progress } = context;
  const candidates =
    stages.isGiven("refine") && !stages.isGiven("filter")
      ? undefined
      : await filterUsers(train, options, context);
  const value =
    candidates === undefined || stages.isGiven("refine")
      ? (
          await stages.run({
            name: "refine",
            version: 1,
            inputs: null,
            format: judgementsFormat(train, candidates),
            compute: () => Promise.reject(new Error("the stage is given")),
          })
        ).value
      : await judgeCandidates(train, candidates, "refine", options, context);
  const rate = value.accepted.reduce((sum, one) => sum + one, 0) / value.accepted.length;
  if (rate > TELLS_NOTHING) {
    progress.warn(
      `coldllm: the judge says Yes to ${(100 * rate).toFixed(1)} % of the candidates: it tells hardly anything`,
    );
  }
  if (rate === 0)
    progress.warn("coldllm: the judge says Yes to nobody: cold items stay without simulated pairs");
  return value;
}

/**
 * Asks the judge about any candidates.
 * @param name - of the stage.
 * @param judge - whom to ask, where that's not the one of the options; all else, the choice of histories included, stays theirs.
 */
export async function judgeCandidates(
  train: ColdStartTraining,
  candidates: Pairs,
  name: string,
  options: FunnelOptions,
  context: RunContext,
  judge = options.judge,
): Promise<Judgements> {
  requireWords(train);
  const model = await context.llm();
  const tuned = await simulator(train, { ...options, judge }, context);
  const states = options.refine.choose === "similar" ? await statesOf(train, options, context) : undefined;
  const { history, choose } = options.refine;
  const { value } = await context.stages.run({
    name,
    version: 1,
    inputs: {
      candidates: hashPairs(candidates),
      model: model.identity.hash,
      adapter: tuned?.key ?? null,
      states: states?.key ?? null,
      noun: options.noun,
      preference: options.preference,
      history,
      choose,
      seed: context.seed,
      data: train.hash,
    },
    format: judgementsFormat(train, candidates),
    compute: () =>
      withAdapter(model, tuned?.value, "judge", () =>
        askJudge(train, candidates, states?.value.items, model, options, context),
      ),
  });
  return value;
}

/** The pairs that the judge is, or would be, asked about. */
export function candidatePairs(
  train: ColdStartTraining,
  options: FunnelOptions,
  context: RunContext,
): Promise<Pairs> {
  return context.stages.isGiven("refine") && !context.stages.isGiven("filter")
    ? refine(train, options, context)
    : filterUsers(train, options, context);
}

/** What takes the place of a search where candidates are given. */
const NO_SEARCH = { search: undefined, spaces: undefined, key: { spaces: null } };

/** The filter's spaces, the search in them, and what names both in a stage's inputs. */
async function searchOf(train: ColdStartTraining, options: FunnelOptions, context: RunContext) {
  requireWords(train);
  // Before the judge learns, which takes long.
  if (options.filter.search === "approximate") await loadUsearch();
  const spaces = await coupledSpaces(train, await statesOf(train, options, context), options, context);
  const search = await userSearch(train, spaces, options, context);
  const key = { spaces: spaces.key, ...(search.index === null ? {} : { index: search.index }) };
  return { search, spaces, key };
}

/** The stage `embed`, after the judge has learnt. */
export async function statesOf(
  train: ColdStartTraining,
  options: FunnelOptions,
  context: RunContext,
): Promise<StageResult<TextStates>> {
  const tuned = options.embed.from === "llm" ? await simulator(train, options, context) : undefined;
  return textStates(train, options, tuned, context);
}

/** Cold items that have words, ascending. */
function judgeable({ items, coldItems }: ColdStartTraining): Int32Array {
  const words = itemsWithWords(items);
  return Int32Array.from(items.keys.keys()).filter((item) => coldItems[item] === 1 && words[item] === 1);
}

function requireWords({ items }: ColdStartTraining): void {
  if (itemsWithWords(items).includes(1)) return;
  throw new DataError("NO_TEXT", "a language model judges items by their words, and these items have none", {
    hint: "Items need titles, genres or descriptions (docs/datasets.md); or give the answers of a judge: --from refine=FILE.",
  });
}
