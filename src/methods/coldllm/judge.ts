import { z } from "zod";
import { Random } from "../../core/random.js";
import type { LanguageModel } from "../../llm/language-model.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import { NO, YES } from "../prompts/judgement.js";
import { fitter, mostSimilar, type Preference, someItems, wordedHistories } from "./history.js";
import type { Judgements, Pairs } from "./pairs.js";
import type { Rows } from "../../core/safetensors.js";
import { promptOf } from "./samples.js";
import { ANSWER_ROOM } from "./simulator.js";

/** What the judge is shown, and what counts as a Yes. */
export const judgeOptions = {
  refine: z
    .strictObject({
      /** The most items of a user's history in a question, L. */
      history: z.int().min(1).default(10),
      /** Which: those most similar to the target by `embed` (version 2), `random` ones (version 1) or the `first` in the data (the code). */
      choose: z.enum(["similar", "random", "first"]).default("similar"),
      /** `yes`: pairs with log-odds above 0; a number: so many of each item's candidates, by log-odds. */
      accept: z.union([z.literal("yes"), z.int().min(1)]).default("yes"),
    })
    .prefault({}),
};

export type JudgeOptions = z.infer<z.ZodObject<typeof judgeOptions>>;

/** Questions asked at once: between two such parts a run can be stopped. */
const PART = 1024;

/**
 * Asks of every candidate whether the user would like the item (version 1, equations 18 and 19), and keeps
 * `log P(Yes) - log P(No)`; Yes where that is above 0.
 * @param states - the items' text vectors, for the choice of similar ones.
 */
export async function askJudge(
  train: ColdStartTraining,
  candidates: Pairs,
  states: Rows | undefined,
  model: LanguageModel,
  {
    noun,
    preference,
    refine: { history, choose },
  }: JudgeOptions & { readonly noun: string; readonly preference: Preference },
  context: RunContext,
): Promise<Judgements> {
  const { users, items } = candidates;
  const histories = wordedHistories(train, preference);
  const fit = await fitter(model, ANSWER_ROOM);
  const random = Random.fromSeed(context.seed).fork("coldllm refine");
  const historyFor = (user: number, item: number): Int32Array => {
    const list = histories[user];
    if (choose === "first") return list.subarray(0, history);
    if (choose === "random" || states === undefined)
      return someItems(list, history, random.fork(user).fork(item));
    return mostSimilar(list, item, states, history);
  };
  const asked = new Set(items).size;
  context.progress.note(`coldllm: ${users.length} judgements, of the candidates of ${asked} cold items`);
  const logOdds = new Float32Array(users.length);
  const step = context.progress.start("coldllm: judging", users.length);
  for (let from = 0; from < users.length; from += PART) {
    const part = Array.from(users.subarray(from, from + PART), (user, n) => {
      const item = items[from + n];
      const named = fit(historyFor(user, item), (list) => promptOf(train, list, item, noun));
      return { prompt: promptOf(train, named, item, noun), continuations: [YES, NO] };
    });
    const choices = await model.choose(part, context);
    choices.forEach(({ logProbs: [yes, no] }, n) => (logOdds[from + n] = yes - no));
    step.update(Math.min(users.length, from + PART));
  }
  step.end();
  return { users, items, accepted: Uint8Array.from(logOdds, (odds) => (odds > 0 ? 1 : 0)), logOdds };
}
