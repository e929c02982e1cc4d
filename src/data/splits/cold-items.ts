import { Random } from "../../core/random.js";
import type { Dataset } from "../dataset.js";
import { PART } from "../split.js";
import type { Assignment } from "./assignment.js";

export interface ColdSplitOptions {
  share: number;
  validation: number;
  test: number;
  seed: number;
}

/**
 * The protocol published with ColdLLM (WSDM 2025; its code `splitData2ColdAndWarm.py`): a random `share` of the items
 * that have interactions is cold; the warm items' interactions are divided at random into training, validation and test;
 * a held-out interaction whose user, or then whose item, has no training interaction goes to training; cold interactions
 * of users without training are left out; half of the cold items are for validation, half for test.
 */
export function splitColdItems(dataset: Dataset, options: ColdSplitOptions): Assignment {
  const { users, items } = dataset.interactions;
  const { parts, cold } = splitColdSide(items, users, dataset.items.keys.length, options, "cold-item");
  return { parts, byTime: false, coldItems: cold };
}

/**
 * The same protocol for either side: `side` names the entity (item or user) of each interaction that may be cold,
 * `other` its counterpart.
 */
export function splitColdSide(
  side: Int32Array,
  other: Int32Array,
  sideSize: number,
  options: ColdSplitOptions,
  label: string,
): { parts: Uint8Array; cold: Uint8Array } {
  const random = Random.fromSeed(options.seed).fork(`split/${label}`);
  const present = random.shuffle(Int32Array.from(new Set(side)).sort());
  const coldCount = Math.round(options.share * present.length);
  const PARTS_OF_COLD = { none: 0, validation: 1, test: 2 };
  const coldPart = new Uint8Array(sideSize);
  present.subarray(0, coldCount).forEach((entity, rank) => {
    coldPart[entity] = rank < coldCount / 2 ? PARTS_OF_COLD.validation : PARTS_OF_COLD.test;
  });

  const warm = random.shuffle(
    Int32Array.from(side.keys()).filter((position) => coldPart[side[position]] === 0),
  );
  const validation = Math.round(options.validation * warm.length);
  const test = Math.round(options.test * warm.length);
  const parts = new Uint8Array(side.length).fill(PART.train);
  warm.forEach((position, rank) => {
    if (rank < validation) parts[position] = PART.validation;
    else if (rank < validation + test) parts[position] = PART.test;
  });
  for (const entityOf of [other, side]) {
    const trained = new Set<number>();
    for (const position of warm) if (parts[position] === PART.train) trained.add(entityOf[position]);
    for (const position of warm) if (!trained.has(entityOf[position])) parts[position] = PART.train;
  }
  const trainedOther = new Set<number>();
  for (const position of warm) if (parts[position] === PART.train) trainedOther.add(other[position]);
  side.forEach((entity, position) => {
    if (coldPart[entity] === PARTS_OF_COLD.none) return;
    if (!trainedOther.has(other[position])) parts[position] = PART.unused;
    else parts[position] = coldPart[entity] === PARTS_OF_COLD.validation ? PART.validation : PART.test;
  });
  return { parts, cold: coldPart.map((part) => (part === 0 ? 0 : 1)) };
}
