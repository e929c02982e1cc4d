import type { PpoHealth } from "./health.js";
import type { TokenScores } from "./policy.js";
import type { Rollout } from "./rollout.js";

/** What is known of the answers of a step before the updates. */
export interface Observed {
  readonly rollouts: readonly Rollout[];
  readonly rewards: Float64Array;
  readonly scores: readonly TokenNumbers[];
}

/** Each score of {@link TokenScores}, by the answer's tokens. */
export type TokenNumbers = { readonly [Name in keyof TokenScores]: Float64Array };

/** A step's figures before its updates. */
export function healthBefore(
  { step, updates, coefficient }: Pick<PpoHealth, "step" | "updates" | "coefficient">,
  { rollouts, rewards, scores }: Observed,
): PpoHealth {
  const answers = rollouts.length;
  const tokens = scores.reduce((sum, { logProbs }) => sum + logProbs.length, 0);
  const overTokens = (of: (score: TokenNumbers, answer: number) => Float64Array) =>
    scores.reduce((sum, score, i) => sum + total(of(score, i)), 0) / Math.max(1, tokens);
  const reward = total(rewards) / answers;
  return {
    step,
    updates,
    answers,
    tokens,
    emptyAnswers: rollouts.filter(({ text }) => text === "").length,
    cutAnswers: rollouts.filter(({ isCut }) => isCut).length,
    reward,
    rewardSd: Math.sqrt(total(rewards.map((score) => (score - reward) ** 2)) / answers),
    kl: scores.reduce((sum, score) => sum + total(score.logProbs) - total(score.baseLogProbs), 0) / answers,
    coefficient,
    entropy: overTokens(({ entropies }) => entropies),
    samplerGap: overTokens(({ logProbs }, i) =>
      logProbs.map((logProb, t) => Math.abs(logProb - rollouts[i].sampledLogProbs[t])),
    ),
    training: null,
    stopped: null,
  };
}

/** Why nothing may be learnt from a step; null where all is well. */
export function reasonToStop(
  { rewards, rollouts }: Observed,
  { kl, tokens }: PpoHealth,
  limit: number,
): string | null {
  const bad = rewards.findIndex((score) => !Number.isFinite(score));
  if (bad >= 0) {
    return `the reward of an answer to prompt ${rollouts[bad].prompt} is ${rewards[bad]}`;
  }
  if (!Number.isFinite(kl)) return `the KL to the base model is ${kl}`;
  if (kl > limit) {
    return `the KL to the base model is ${kl.toFixed(1)} nats an answer, above the limit of ${limit}`;
  }
  return tokens === 0 ? "no answer has a token to learn from" : null;
}

function total(numbers: Float64Array): number {
  return numbers.reduce((sum, value) => sum + value, 0);
}
