import { Random } from "../../core/random.js";
import type { Dataset } from "../dataset.js";
import { PART, type Split } from "../split.js";
import { KNOWLEDGE_CUTOFF } from "./constants.js";

/** Share of the interactions before the cut-off that are kept back for validation. */
const VALIDATION_SHARE = 0.1;

/**
 * The world's own split for cold-start, by time at the end of the language model's knowledge. Before it: training,
 * less a random tenth for validation. After it: test for films that were out before; films released later are cold,
 * half of them, chosen at random, for validation and half for test. Interactions of users without training are unused.
 */
export function worldColdStartSplit(
  dataset: Pick<Dataset, "users" | "items" | "interactions">,
  seed: number,
): Omit<Split, "hash"> {
  const { users, items, times } = dataset.interactions;
  const released = dataset.items.attributes.released;
  if (times === null || !(released instanceof Float64Array)) {
    throw new TypeError("worldColdStartSplit: these are not the embedded world's data");
  }
  const coldItems = Uint8Array.from(released, (time) => (time >= KNOWLEDGE_CUTOFF ? 1 : 0));
  const random = Random.fromSeed(`world/split/${seed}`);
  const isForTest = chooseHalf(random.fork("cold items"), coldItems);
  const draw = random.fork("validation");
  const trains = new Uint8Array(dataset.users.keys.length);
  const parts = new Uint8Array(users.length);
  parts.forEach((_, n) => {
    if (times[n] < KNOWLEDGE_CUTOFF) {
      parts[n] = draw.uniform() < VALIDATION_SHARE ? PART.validation : PART.train;
      if (parts[n] === PART.train) trains[users[n]] = 1;
    } else {
      parts[n] = coldItems[items[n]] === 1 && isForTest[items[n]] === 0 ? PART.validation : PART.test;
    }
  });
  return {
    description: `world-time(cutoff=${new Date(KNOWLEDGE_CUTOFF * 1000).toISOString().slice(0, 10)}, seed=${seed})`,
    parts: parts.map((part, n) => (trains[users[n]] === 1 ? part : PART.unused)),
    coldItems,
    coldUsers: new Uint8Array(dataset.users.keys.length),
    byTime: true,
  };
}

function chooseHalf(random: Random, coldItems: Uint8Array): Uint8Array {
  const cold = Int32Array.from(coldItems.keys()).filter((item) => coldItems[item] === 1);
  const chosen = new Uint8Array(coldItems.length);
  for (const item of random.shuffle(cold).subarray(cold.length >> 1)) chosen[item] = 1;
  return chosen;
}
