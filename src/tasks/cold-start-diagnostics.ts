import { hasEntry, type Csr } from "../data/csr.js";
import type { SimulatedPairs } from "./cold-start.js";

/** What really happened to cold items, [users, items] each. */
export interface ColdTruth {
  readonly test: Csr;
  readonly validation: Csr;
  /** 1 for each cold item that the task ranks. */
  readonly items: Uint8Array;
}

/**
 * How near simulated pairs are to the truth, stage by stage (ColdLLM's tables 2 and 5): the share that are cold test pairs
 * (`real-pair/STAGE`, called RealPair in the paper), the share that are cold validation or test pairs (`real-pair-held-out`), how many there
 * are, how many users they reach, how many cold items have one and how many each has on average; and `adoption`, the pairs of the last stage
 * among those of the first, where there are several.
 */
export function simulationDiagnostics(
  simulated: readonly SimulatedPairs[],
  { test, validation, items: ranked }: ColdTruth,
): Record<string, number> {
  const out: Record<string, number> = {};
  const coldItems = ranked.reduce((sum, one) => sum + one, 0);
  for (const { stage, users, items } of simulated) {
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
