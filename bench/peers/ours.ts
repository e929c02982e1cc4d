import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CostMeter } from "../../src/core/cost.js";
import { silentProgress, type Progress } from "../../src/core/progress.js";
import { Random } from "../../src/core/random.js";
import { StageStore } from "../../src/core/stages.js";
import { type Csr, csrFromPairs } from "../../src/data/csr.js";
import type { ItemTable } from "../../src/data/dataset.js";
import type { RunContext } from "../../src/recommenders/recommender.js";
import type { ColdStartTraining } from "../../src/tasks/cold-start.js";
import type { ControlledListTraining } from "../../src/tasks/controlled-list.js";
import { Windows } from "../../src/tasks/windows.js";

/** The lines of `user,item[,label]`, as columns. */
export function readColumns(file: string): Int32Array[] {
  const rows = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(",").map(Number));
  return rows[0].map((_, column) => Int32Array.from(rows, (row) => row[column]));
}

const keys = (count: number) => Array.from({ length: count }, (_, n) => String(n));

function bareTables(
  users: number,
  items: number,
): { users: { keys: string[]; attributes: Record<string, never> }; items: ItemTable } {
  const blanks = keys(items).map(() => "");
  return {
    users: { keys: keys(users), attributes: {} },
    items: {
      keys: keys(items),
      titles: blanks,
      texts: {},
      categoryNames: [],
      categories: blanks.map(() => []),
      attributes: {},
    },
  };
}

/** What a model of pairs learns from: columns user and item. */
export function pairTraining(
  users: number,
  items: number,
  train: readonly Int32Array[],
  warm: Csr = csrFromPairs(users, items, [], []),
): ColdStartTraining {
  const matrix = csrFromPairs(users, items, train[0], train[1]);
  const coldItems = new Uint8Array(items).fill(1);
  for (const item of matrix.indices) coldItems[item] = 0;
  return {
    ...bareTables(users, items),
    interactions: { users: train[0], items: train[1], values: null, times: null },
    matrix,
    coldItems,
    validation: { warm, cold: csrFromPairs(users, items, [], []) },
    hash: "peers",
  };
}

/** What a model of sequences learns from: columns user and item, each user's in order of time. */
export function sequenceTraining(
  users: number,
  items: number,
  train: readonly Int32Array[],
  history: number,
  validation: readonly Int32Array[] = [],
): ControlledListTraining {
  const sequenceOf = sequences(users, train);
  const known = sequenceOf.filter((own) => own.items.length > 0);
  const next = new Map(validation.length === 0 ? [] : Array.from(validation[0], (user, n) => [user, n]));
  const whole = known
    .filter(({ user }) => next.has(user))
    .map(({ user, items: own }) => ({
      user,
      items: Int32Array.of(...own, validation[1][next.get(user) ?? 0]),
      times: null,
    }));
  const lengths = { history, future: 1 };
  const none = new Windows([], new Int32Array(0), new Int32Array(0), lengths);
  return {
    ...bareTables(users, items),
    mainGenres: new Int32Array(items).fill(-1),
    sequences: known,
    windows: none,
    validation: new Windows(
      whole,
      Int32Array.from(whole.keys()),
      Int32Array.from(whole, (own) => own.items.length - 1),
      lengths,
    ),
    historyLength: history,
    futureLength: 1,
    hash: "peers",
  };
}

function sequences(users: number, [userOf, itemOf]: readonly Int32Array[]) {
  const own = keys(users).map(() => [] as number[]);
  userOf.forEach((user, n) => own[user].push(itemOf[n]));
  return own.map((list, user) => ({ user, items: Int32Array.from(list), times: null }));
}

/** Fits or answers in a run of its own, whose folder is gone afterwards. */
export async function inRun<T>(
  seed: number,
  work: (context: RunContext) => Promise<T>,
  progress: Progress = silentProgress(),
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "llmrec-peers-"));
  const cost = new CostMeter();
  try {
    return await work({
      random: Random.fromSeed(seed),
      seed,
      stages: new StageStore(folder, new Map(), "peers", cost),
      cost,
      progress,
      signal: new AbortController().signal,
      llm: () => Promise.reject(new Error("no language model here")),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
