import { ProviderError } from "../../core/errors.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import { candidatesFormat, judgementsFormat } from "./pairs-file.js";
import type { Candidates, Judgements, Pairs } from "./pairs.js";

/** Above this share of Yes a judge tells hardly anything apart. */
const TELLS_NOTHING = 0.99;

/** The stage `filter`: the users that each cold item is shown to the judge with. */
export async function filter(train: ColdStartTraining, context: RunContext): Promise<Candidates> {
  const { value } = await context.stages.run({
    name: "filter",
    version: 1,
    inputs: { data: train.hash },
    format: candidatesFormat(train),
    compute: () => Promise.reject(nobodyToAsk("filter", "user, item")),
  });
  const without = countWithout(train, value);
  if (without > 0) context.progress.warn(`coldllm: the filter has no user for ${without} cold items`);
  return value;
}

/**
 * The stage `refine`: the judge's answer for every candidate. Given answers need no filter; where both are given, they must belong
 * together.
 */
export async function refine(train: ColdStartTraining, context: RunContext): Promise<Judgements> {
  const { stages, progress } = context;
  const candidates =
    stages.isGiven("refine") && !stages.isGiven("filter") ? undefined : await filter(train, context);
  const { value } = await stages.run({
    name: "refine",
    version: 1,
    inputs: { data: train.hash },
    format: judgementsFormat(train, candidates),
    compute: () => Promise.reject(nobodyToAsk("refine", "user, item, answer")),
  });
  const rate = adoptionRate(value);
  if (rate > TELLS_NOTHING) {
    progress.warn(
      `coldllm: the judge says Yes to ${(100 * rate).toFixed(1)} % of the candidates: it tells hardly anything`,
    );
  }
  return value;
}

/** The pairs that the judge is, or would be, asked about. */
export async function candidatePairs(train: ColdStartTraining, context: RunContext): Promise<Pairs> {
  return context.stages.isGiven("refine") ? refine(train, context) : filter(train, context);
}

/** Yes among all answers. */
function adoptionRate({ accepted }: Judgements): number {
  return accepted.reduce((sum, one) => sum + one, 0) / accepted.length;
}

function countWithout({ coldItems }: ColdStartTraining, { items }: Pairs): number {
  const has = new Set(items);
  return coldItems.reduce((sum, cold, item) => sum + (cold === 1 && !has.has(item) ? 1 : 0), 0);
}

function nobodyToAsk(stage: string, columns: string): ProviderError {
  return new ProviderError("NO_SIMULATOR", `the stage ${stage} of coldllm is not given`, {
    hint: `Give it: --from ${stage}=FILE (columns ${columns}).`,
  });
}
