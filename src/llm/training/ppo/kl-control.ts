/** How the price of KL follows the KL (Ziegler et al. 2019, section 2.2). */
export interface KlControl {
  /** KL of an answer, in nats, that the coefficient steers to. */
  readonly target: number;
  /** The larger, the slower: at the largest error a step of n answers changes the coefficient by 0.2 n / horizon. Infinity: not at all. */
  readonly horizon: number;
}

/** A step corrects no more than this share of the error. */
const LARGEST_ERROR = 0.2;

/**
 * The next KL coefficient: TRL's proportional controller, beta (1 + clip(kl / target - 1, ±0.2) answers / horizon).
 * @param kl - mean KL of an answer to the base, as seen in the last step.
 * @param answers - how many answers the last step had.
 */
export function nextCoefficient(
  coefficient: number,
  kl: number,
  answers: number,
  { target, horizon }: KlControl,
): number {
  const error = Math.min(LARGEST_ERROR, Math.max(-LARGEST_ERROR, kl / target - 1));
  return coefficient * (1 + (error * answers) / horizon);
}
