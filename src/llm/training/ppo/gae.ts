export interface GaeOptions {
  /** Discount of a token later. */
  readonly gamma: number;
  /** From 0 (one step ahead: least variance) to 1 (the whole answer: least bias). */
  readonly lambda: number;
}

/**
 * Generalised advantage estimation (Schulman et al. 2016) over the tokens of one answer, which ends with its last token:
 * delta_t = r_t + gamma V_{t+1} - V_t, A_t = delta_t + gamma lambda A_{t+1}.
 * @param rewards - of each token.
 * @param values - V of the state before each token.
 * @returns advantages, and what the values should have been: A + V.
 */
export function gae(
  rewards: Float64Array,
  values: Float64Array,
  { gamma, lambda }: GaeOptions,
): { advantages: Float64Array; returns: Float64Array } {
  const advantages = new Float64Array(rewards.length);
  let [nextAdvantage, nextValue] = [0, 0];
  for (let t = rewards.length - 1; t >= 0; t--) {
    const delta = rewards[t] + gamma * nextValue - values[t];
    nextAdvantage = advantages[t] = delta + gamma * lambda * nextAdvantage;
    nextValue = values[t];
  }
  return { advantages, returns: advantages.map((advantage, t) => advantage + values[t]) };
}

/**
 * Rewards of an answer's tokens: each pays for moving away from the frozen base, and the last one earns the answer's score:
 * -coefficient (log pi - log pi_base) + 1[last] score.
 * @param logProbs - of each token under the policy that drew it.
 * @param baseLogProbs - of each token under the base.
 */
export function tokenRewards(
  logProbs: Float64Array,
  baseLogProbs: Float64Array,
  score: number,
  coefficient: number,
): Float64Array {
  const rewards = logProbs.map((logProb, t) => -coefficient * (logProb - baseLogProbs[t]));
  if (rewards.length > 0) rewards[rewards.length - 1] += score;
  return rewards;
}
