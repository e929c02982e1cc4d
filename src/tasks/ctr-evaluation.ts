import { DataError, throwIfInterrupted } from "../core/errors.js";
import { absoluteErrors, brierScores, logLosses } from "../metrics/ctr/probability.js";
import type { CtrProtocol, CtrSubset } from "./ctr-protocol.js";
import type { CtrAnswers, CtrCase } from "./ctr.js";
import type { Evaluation } from "./evaluation.js";
import type { EvaluationContext } from "./task.js";

/** Cases that are asked at once. */
const BLOCK = 8192;

/** Positions of the cases of a subset. */
export function casesIn(subset: CtrSubset, warm: Uint8Array): Int32Array {
  const wanted = subset === "warm" ? 1 : 0;
  return Int32Array.from(warm.keys()).filter((n) => warm[n] === wanted);
}

/**
 * Asks a recommender for the probability of every case, block by block.
 * @param explain - the texts that it answers by.
 * @returns `log-loss`, `brier` and `absolute-error`, each also `/warm` and `/cold` where users are known; the answers as `probability`.
 * @throws DataError NOT_FINITE or NOT_PROBABILITY, naming recommender, user and item.
 */
export async function evaluateCtr(
  protocol: CtrProtocol,
  answer: (cases: readonly CtrCase[]) => Promise<CtrAnswers>,
  { progress, signal, label }: EvaluationContext,
  explain?: (cases: readonly CtrCase[]) => Promise<readonly string[]>,
): Promise<Evaluation> {
  const { test, warm, subsets } = protocol;
  const count = test.labels.length;
  const probability = new Float64Array(count);
  const explanations: string[] = [];
  const step = progress.start(`${label}: test pairs`, count);
  for (let from = 0; from < count; from += BLOCK) {
    throwIfInterrupted(signal);
    const length = Math.min(BLOCK, count - from);
    const cases = Array.from({ length }, (_, n) => protocol.caseOf(from + n));
    const answers = await answer(cases);
    if (answers.length !== length) {
      throw new RangeError(`${label} answered ${answers.length} probabilities for ${length} cases`);
    }
    answers.forEach((value, n) => {
      requireProbability(protocol, from + n, value, label);
      probability[from + n] = value;
    });
    // The same block: what wrote the texts for the answers finds them again.
    if (explain !== undefined) explanations.push(...(await explain(cases)));
    step.update(from + length);
  }
  step.end();
  const values: Record<string, Float64Array> = {};
  for (const [name, perCase] of [
    ["log-loss", logLosses(test.labels, probability)],
    ["brier", brierScores(test.labels, probability)],
    ["absolute-error", absoluteErrors(test.labels, probability)],
  ] as const) {
    values[name] = perCase;
    for (const subset of subsets) {
      const wanted = subset === "warm" ? 1 : 0;
      values[`${name}/${subset}`] = perCase.map((value, n) => (warm[n] === wanted ? value : NaN));
    }
  }
  return {
    ...{ cases: caseNames(protocol), values, lists: {}, answers: { probability } },
    ...(explain !== undefined && { explanations }),
  };
}

function requireProbability({ test, training }: CtrProtocol, n: number, value: number, label: string): void {
  if (value >= 0 && value <= 1) return;
  const who = `user ${training.users.keys[test.users[n]]}, item ${training.items.keys[test.items[n]]}`;
  throw Number.isFinite(value)
    ? new DataError("NOT_PROBABILITY", `the answer of ${label} for ${who} is ${value}, not within 0..1`)
    : new DataError("NOT_FINITE", `the answer of ${label} for ${who} is ${value}`);
}

/** `user item`, with a number from the second of equal names on. */
function caseNames({ test, training }: CtrProtocol): string[] {
  const seen = new Map<string, number>();
  return Array.from(test.users, (user, n) => {
    const name = `${training.users.keys[user]} ${training.items.keys[test.items[n]]}`;
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name} (${times})`;
  });
}
