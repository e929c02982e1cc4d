import { DataError } from "../core/errors.js";
import { hashOf } from "../core/hash.js";
import { csrFromPairs, rowIndices, type Csr } from "../data/csr.js";
import { selectInteractions, type Dataset } from "../data/dataset.js";
import { PART, positionsOf, type PartName, type Split } from "../data/split.js";
import { hashDataset } from "../data/splits/hash.js";
import { requireNoLeaks } from "../data/splits/leaks.js";
import type { ColdStartCase, ColdStartTraining } from "./cold-start.js";

/** Which items may be ranked: the three tables of the cold-start literature. */
export const COLD_START_SETTINGS = ["cold", "warm", "overall"] as const;
export type ColdStartSetting = (typeof COLD_START_SETTINGS)[number];

/**
 * The cold-start protocol on one split (ColdLLM, WSDM 2025, section 5 and its code's evaluator, with all test users
 * instead of the first 2,000): full ranking, never sampled.
 */
export interface ColdStartProtocol {
  readonly training: ColdStartTraining;
  /** Users with a test interaction, ascending. */
  readonly cases: readonly ColdStartCase[];
  /** Candidate items of each setting, ascending. Items never interacted with anywhere are in none. */
  readonly candidates: Readonly<Record<ColdStartSetting, Int32Array>>;
  /** Relevant items [users, items]: test interactions with cold items, with warm items, and both. */
  readonly relevant: Readonly<Record<ColdStartSetting, Csr>>;
  /** Training and validation items of each user: never ranked for it. Simulated pairs are never in here. */
  readonly known: Csr;
  readonly notes: readonly string[];
}

/**
 * Lays out the protocol.
 * @throws DataError where the split leaks or has no cold test interaction.
 */
export function coldStartProtocol(dataset: Dataset, split: Split): ColdStartProtocol {
  requireNoLeaks(dataset, split);
  const { interactions } = dataset;
  const [userCount, itemCount] = [dataset.users.keys.length, dataset.items.keys.length];
  const isCold = (position: number) => split.coldItems[interactions.items[position]] === 1;
  const matrixOf = (positions: Int32Array): Csr => {
    const { users, items } = selectInteractions(interactions, positions);
    return csrFromPairs(userCount, itemCount, users, items);
  };
  const sideOf = (part: PartName, cold: boolean) =>
    matrixOf(positionsOf(split, part).filter((p) => isCold(p) === cold));

  const trainPositions = positionsOf(split, "train");
  const matrix = matrixOf(trainPositions);
  const relevant = {
    cold: sideOf("test", true),
    warm: sideOf("test", false),
    overall: matrixOf(positionsOf(split, "test")),
  };
  if (relevant.cold.indices.length === 0) {
    throw new DataError(
      "NO_COLD_TEST",
      `the split ${split.description} has no test interaction with a cold item`,
      {
        hint: "Choose --split cold-item, or a time split that leaves new items for the end.",
      },
    );
  }

  const trained = new Uint8Array(itemCount);
  for (const item of matrix.indices) trained[item] = 1;
  const used = new Uint8Array(itemCount);
  split.parts.forEach((part, position) => {
    if (part !== PART.unused) used[interactions.items[position]] = 1;
  });
  const itemsWhere = (keep: (item: number) => boolean) => Int32Array.from(used.keys()).filter(keep);
  const candidates = {
    cold: itemsWhere((item) => used[item] === 1 && split.coldItems[item] === 1),
    warm: itemsWhere((item) => trained[item] === 1),
    overall: itemsWhere((item) => (used[item] === 1 && split.coldItems[item] === 1) || trained[item] === 1),
  };
  const cases: ColdStartCase[] = [];
  for (let user = 0; user < userCount; user++)
    if (rowIndices(relevant.overall, user).length > 0) cases.push({ user });

  const training: ColdStartTraining = {
    users: dataset.users,
    items: dataset.items,
    interactions: selectInteractions(interactions, trainPositions),
    matrix,
    coldItems: split.coldItems,
    validation: { warm: sideOf("validation", false), cold: sideOf("validation", true) },
    hash: hashOf({ data: hashDataset(dataset), split: split.hash }),
  };
  const known = matrixOf(
    Int32Array.from(split.parts.keys()).filter(
      (p) => split.parts[p] === PART.train || split.parts[p] === PART.validation,
    ),
  );
  return { training, cases, candidates, relevant, known, notes: [coldStartNote(candidates, cases.length)] };
}

function coldStartNote(candidates: ColdStartProtocol["candidates"], users: number): string {
  const { cold, warm } = candidates;
  return (
    `Full ranking, all ${users} test users: cold ranks ${cold.length} items without training interactions, ` +
    `warm ranks ${warm.length} items, overall both together for users with test items of both kinds. ` +
    `Training and validation items of the user are left out; equal scores count by their expected rank.`
  );
}
