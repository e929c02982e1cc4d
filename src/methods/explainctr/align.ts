import { join } from "node:path";
import { hashOf } from "../../core/hash.js";
import { Random } from "../../core/random.js";
import type { LocalModel } from "../../llm/local/local-model.js";
import { ppo, type PpoOptions, type Reward } from "../../llm/training/ppo/ppo.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { CtrRows, CtrTraining } from "../../tasks/ctr.js";
import type { Augmented } from "./augmented.js";
import { casesOf, type ExplainedCase, generationPrompt } from "./cases.js";
import { oneLine, STOP } from "./explanations.js";
import { agreement, judgeExplanations } from "./judge.js";
import type { AlignmentOptions } from "./options.js";
import { LORA, type Policy, policyFormat } from "./policy.js";

/** Stage 3's addition to the reward: a network whose weights rest, trained on other pairs than those that are rewarded. */
export interface IcReward {
  readonly network: Augmented;
  /** Names the network among the inputs of the stage. */
  readonly key: string;
}

/**
 * ExpCTR's alignment by PPO: a reader without adapter judges each explanation by the true label (LC), and where a network is given it
 * does so too (IC), r = r_LC + lambda r_IC.
 * @param model - with its adapters off.
 * @param rows - the pairs whose labels reward.
 * @param start - the policy to go on with.
 */
export async function align(
  train: CtrTraining,
  rows: CtrRows,
  model: LocalModel,
  options: AlignmentOptions,
  context: RunContext,
  start?: { readonly policy: Policy; readonly key: string },
  ic?: IcReward,
): Promise<{ policy: Policy; key: string }> {
  // From the seed alone: rows of the table that share a stage share its draws.
  const random = Random.fromSeed(context.seed)
    .fork("explainctr")
    .fork(ic === undefined ? "lc" : "ic");
  const chosen = random.fork("pairs").sample(rows.users.length, Math.min(options.pairs, rows.users.length));
  const cases = casesOf(train, rows, chosen);
  const labels = Array.from(chosen, (row) => rows.labels[row]);
  const prompts = cases.map((one) => generationPrompt(train.items, one, options.shown));
  const identity = {
    model: model.identity.hash,
    prompts: hashOf([prompts, labels]),
    options: { ...options, training: undefined, backbone: undefined },
    seed: context.seed,
    random: random.state(),
    start: start?.key,
    ic: ic?.key,
  };
  const { value, key } = await context.stages.run({
    name: ic === undefined ? "lc" : "ic",
    version: 1,
    inputs: identity,
    format: policyFormat,
    compute: (workspace) =>
      ppo(
        model,
        prompts,
        rewardOf(train, cases, labels, model, options, context, ic),
        {
          lora: LORA,
          ...ppoSizes(options),
          steps: ic === undefined ? options.lcSteps : options.icSteps,
          start: start?.policy,
          checkpoint: { folder: join(workspace, "ppo"), identity: hashOf(identity) },
        },
        random.fork("ppo"),
        context,
      ),
  });
  return { policy: value, key };
}

function ppoSizes(options: AlignmentOptions): Omit<PpoOptions, "lora" | "steps"> {
  const { batchSize, miniBatch, maxNewTokens, learningRate, klLimit } = options;
  return { batchSize, miniBatch, maxNewTokens, learningRate, kl: { limit: klLimit }, stop: STOP };
}

/** LC's reward of each answer, plus lambda times IC's. */
function rewardOf(
  { items }: CtrTraining,
  cases: readonly ExplainedCase[],
  labels: readonly number[],
  model: LocalModel,
  { reward, lambda }: AlignmentOptions,
  context: RunContext,
  ic: IcReward | undefined,
): Reward {
  return async (answers) => {
    const texts = answers.map(({ text }) => oneLine(text));
    const own = answers.map(({ prompt }) => cases[prompt]);
    const targets = own.map(({ item }) => item);
    const byReader = await judgeExplanations(model, items, targets, texts, context);
    const byNetwork = await ic?.network.predict(own, texts, context);
    return answers.map(({ prompt }, n) => {
      const lc = agreement(byReader[n], labels[prompt], reward);
      return byNetwork === undefined ? lc : lc + lambda * agreement(byNetwork[n], labels[prompt], reward);
    });
  };
}
