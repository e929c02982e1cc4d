import { join } from "node:path";
import { hashOf } from "../../core/hash.js";
import { Random } from "../../core/random.js";
import type { LanguageModel } from "../../llm/language-model.js";
import type { LocalModel } from "../../llm/local/local-model.js";
import { ppo } from "../../llm/training/ppo/ppo.js";
import { ppoSettings, type Reward } from "../../llm/training/ppo/settings.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { CtrRows, CtrTraining } from "../../tasks/ctr.js";
import type { Augmented } from "./augmented.js";
import { casesOf, type ExplainedCase, generationPrompt } from "./cases.js";
import { oneLine, STOP } from "./explanations.js";
import { agreement, judgeExplanations } from "./judge.js";
import type { AlignmentOptions } from "./options.js";
import { LORA, type Policy, policyFormat } from "./policy.js";

/**
 * The whole answer's reward counts for each of its tokens: a verdict is often said at the start, and with TRL's 0.95 the first of thirty tokens
 * would get a fourth of the credit of the last.
 */
const GAE_LAMBDA = 1;

/** A policy with the key of the artifact that holds it. */
export interface TrainedPolicy {
  readonly policy: Policy;
  readonly key: string;
}

/** One time of PPO: who rewards, for how long, from where. */
export interface Alignment {
  /** The stage's name: `lc` or `ic`. */
  readonly stage: "lc" | "ic";
  /** 0 in the first round. */
  readonly round: number;
  /** Which of the folds, counted from 1; for people. */
  readonly fold?: { readonly number: number; readonly of: number };
  readonly steps: number;
  /** LC: the frozen reader's answer counts. */
  readonly reader: boolean;
  /** IC: a network whose weights rest, trained on other pairs than those that are rewarded; its key names it among the stage's inputs. */
  readonly network?: { readonly augmented: Augmented; readonly key: string };
  /** The policy to go on with. */
  readonly start?: TrainedPolicy;
}

/**
 * ExpCTR's alignment by PPO: a reader without adapter judges each explanation by the true label (LC), or a click-through network does (IC), or
 * both, r = r_LC + lambda r_IC.
 * @param model - with its adapters off.
 * @param rows - the pairs whose labels reward.
 */
export async function align(
  train: CtrTraining,
  rows: CtrRows,
  model: LocalModel,
  options: AlignmentOptions,
  alignment: Alignment,
  context: RunContext,
): Promise<TrainedPolicy> {
  const { stage, round, fold, steps, reader, network, start } = alignment;
  // From the seed alone: rows of the table that share a stage share its draws.
  const random = Random.fromSeed(context.seed).fork(`explainctr/${stage}/${round}`);
  const chosen = random.fork("pairs").sample(rows.users.length, Math.min(options.pairs, rows.users.length));
  const cases = casesOf(train, rows, chosen);
  const labels = Array.from(chosen, (row) => rows.labels[row]);
  const prompts = cases.map((one) => generationPrompt(train.items, one, options.shown));
  const { reward, lambda, gain, batchSize, miniBatch, ppoEpochs, maxNewTokens } = options;
  const { learningRate, klCoefficient, klLimit } = options;
  const settings = {
    ...{ lora: LORA, steps, batchSize, miniBatch, epochs: ppoEpochs, maxNewTokens, learningRate, stop: STOP },
    // Log-likelihoods of a sure reader spread over ±4, probabilities over ±0.5.
    ...{ lambda: GAE_LAMBDA, whitenScores: true },
    kl: { coefficient: klCoefficient, limit: klLimit },
  };
  const identity = {
    model: model.identity.hash,
    prompts: hashOf([prompts, labels]),
    settings: ppoSettings(settings),
    reward: { form: reward, reader, ...(network && { lambda, gain, network: network.key }) },
    seed: context.seed,
    random: random.state(),
    start: start?.key,
  };
  const { value, key } = await context.stages.run({
    name: stage,
    version: 2,
    inputs: identity,
    about: { round: round + 1, ...(fold && { fold: fold.number, folds: fold.of }) },
    format: policyFormat,
    compute: (workspace) =>
      ppo(
        model,
        prompts,
        rewardOf({ train, cases, labels, model, options, context }, alignment),
        {
          ...settings,
          start: start?.policy,
          checkpoint: { folder: join(workspace, "ppo"), identity: hashOf(identity) },
        },
        random.fork("ppo"),
        context,
      ),
  });
  return { policy: value, key };
}

/** Who rewards; of the network only how it answers. */
interface RewardSources extends Pick<Alignment, "reader"> {
  readonly network?: { readonly augmented: Pick<Augmented, "predict"> };
}

interface Rewarded {
  readonly train: Pick<CtrTraining, "items">;
  readonly cases: readonly ExplainedCase[];
  readonly labels: readonly number[];
  /** The reader. */
  readonly model: LanguageModel;
  readonly options: Pick<AlignmentOptions, "reward" | "lambda" | "gain">;
  readonly context: RunContext;
}

/** LC's reward of each answer and lambda times IC's, as far as each counts. */
export function rewardOf(
  { train: { items }, cases, labels, model, options, context }: Rewarded,
  { reader, network }: RewardSources,
): Reward {
  const { reward: form, lambda, gain } = options;
  return async (answers) => {
    const texts = answers.map(({ text }) => oneLine(text));
    const own = answers.map(({ prompt }) => cases[prompt]);
    const rewardsOf = (p: ArrayLike<number>) =>
      answers.map(({ prompt }, n) => agreement(p[n], labels[prompt], form));
    const total = new Float64Array(answers.length);
    if (reader) {
      const targets = own.map(({ item }) => item);
      const lc = rewardsOf(await judgeExplanations(model, items, targets, texts, context));
      lc.forEach((value, n) => (total[n] += value));
    }
    if (network !== undefined) {
      const { augmented } = network;
      const ic = rewardsOf(await augmented.predict(own, texts, context));
      const none = gain
        ? rewardsOf(
            await augmented.predict(
              own,
              texts.map(() => ""),
              context,
            ),
          )
        : undefined;
      ic.forEach((value, n) => (total[n] += lambda * (value - (none?.[n] ?? 0))));
    }
    return total;
  };
}
