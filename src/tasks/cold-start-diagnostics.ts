import { hasEntry, type Csr } from "../data/csr.js";
import { auc } from "../metrics/ctr/auc.js";
import type { SimulatedPairs } from "./cold-start.js";

/** What really happened to cold items, [users, items] each. */
export interface ColdTruth {
  readonly test: Csr;
  readonly validation: Csr;
  /** 1 for each cold item, whether the task ranks it or nobody ever took it: pairs are made up for all. */
  readonly coldItems: Uint8Array;
  /** Main genre of each item, -1 where it has none. */
  readonly mainGenres: ArrayLike<number>;
  /** How much a user's taste is for each item [items], as far as words can tell; only where the truth is known. */
  readonly taste?: (user: number) => ArrayLike<number>;
}

/**
 * How near simulated pairs are to the truth, stage by stage (ColdLLM's tables 2 and 5): the share that are cold test pairs
 * (`real-pair/STAGE`, called RealPair in the paper), the share that are cold validation or test pairs (`real-pair-held-out`), how many there
 * are, how many users they reach, how many cold items have one and how many a cold item has on average; and `adoption`, the pairs of the last stage
 * among those of the first, where there are several; and `search-recall`, where an approximate search proposed them. Of a stage with log-odds also how well they tell the pairs apart ({@link judgement}).
 */
export function simulationDiagnostics(
  simulated: readonly SimulatedPairs[],
  truth: ColdTruth,
): Record<string, number> {
  const { test, validation } = truth;
  const out: Record<string, number> = {};
  const coldItems = truth.coldItems.reduce((sum, one) => sum + one, 0);
  for (const { stage, users, items, logOdds, searchRecall } of simulated) {
    if (logOdds) Object.assign(out, judgement({ users, items, logOdds }, truth));
    if (searchRecall !== undefined) out["search-recall"] = searchRecall;
    let [ofTest, heldOut] = [0, 0];
    users.forEach((user, at) => {
      const isTest = hasEntry(test, user, items[at]);
      if (isTest) ofTest++;
      if (isTest || hasEntry(validation, user, items[at])) heldOut++;
    });
    out[`real-pair/${stage}`] = ofTest / users.length;
    out[`real-pair-held-out/${stage}`] = heldOut / users.length;
    out[`simulated-pairs/${stage}`] = users.length;
    out[`users-reached/${stage}`] = new Set(users).size;
    out[`items-reached/${stage}`] = new Set(items).size;
    out[`pairs-per-item/${stage}`] = users.length / coldItems;
  }
  if (simulated.length > 1) {
    out.adoption = simulated[simulated.length - 1].users.length / simulated[0].users.length;
  }
  return out;
}

/**
 * How well log-odds tell pairs apart: `judge-auc`, the chance that a pair that came true (cold validation or test) is above one that did not;
 * `judge-auc-within`, the same among pairs of one user and one main genre, where to know the genre is worth nothing; and where the
 * truth is known `judge-agreement`, the share of such pairs that are ordered as the user's true taste. Equal log-odds count half.
 */
function judgement(
  { users, items, logOdds }: { users: Int32Array; items: Int32Array; logOdds: Float32Array },
  { test, validation, mainGenres, taste }: ColdTruth,
): Record<string, number> {
  const cameTrue = Array.from(users, (user, at) =>
    hasEntry(test, user, items[at]) || hasEntry(validation, user, items[at]) ? 1 : 0,
  );
  const byUser = groupBy(users.length, (at) => users[at]);
  const within = { right: 0, all: 0 };
  const agreement = { right: 0, all: 0 };
  const count = (tally: { right: number; all: number }, difference: number) => {
    tally.all++;
    tally.right += difference > 0 ? 1 : difference === 0 ? 0.5 : 0;
  };
  for (const [user, own] of byUser) {
    const likes = taste?.(user);
    for (const [genre, group] of groupBy(own.length, (n) => mainGenres[items[own[n]]])) {
      if (genre < 0) continue;
      for (const [first, a] of group.entries()) {
        for (const b of group.slice(first + 1)) {
          const [x, y] = [own[a], own[b]];
          const difference = logOdds[x] - logOdds[y];
          if (cameTrue[x] !== cameTrue[y]) count(within, cameTrue[x] === 1 ? difference : -difference);
          if (likes === undefined) continue;
          const better = likes[items[x]] - likes[items[y]];
          if (better !== 0) count(agreement, better > 0 ? difference : -difference);
        }
      }
    }
  }
  const found = {
    "judge-auc": auc(cameTrue, logOdds),
    "judge-auc-within": within.right / within.all,
    "judge-agreement": agreement.right / agreement.all,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => !Number.isNaN(value)));
}

function groupBy(count: number, keyOf: (n: number) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (let n = 0; n < count; n++) {
    const key = keyOf(n);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [n]);
    else group.push(n);
  }
  return groups;
}
