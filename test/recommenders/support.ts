import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CostMeter } from "../../src/core/cost.js";
import { silentProgress } from "../../src/core/progress.js";
import { Random } from "../../src/core/random.js";
import { StageStore } from "../../src/core/stages.js";
import { type Csr, csrFromPairs } from "../../src/data/csr.js";
import type { Recommender, RunContext } from "../../src/recommenders/recommender.js";
import { resolveOptions } from "../../src/recommenders/registry.js";
import type { ColdStartTraining } from "../../src/tasks/cold-start.js";

/** Rows of 0 and 1 as a matrix. */
export function matrixOf(rows: readonly (readonly number[])[]): Csr {
  const users: number[] = [];
  const items: number[] = [];
  rows.forEach((row, user) => {
    row.forEach((value, item) => {
      if (value === 0) return;
      users.push(user);
      items.push(item);
    });
  });
  return csrFromPairs(rows.length, rows[0].length, users, items);
}

/** A random binary matrix whose rows and columns are all used, except the last `cold` columns, which are empty. */
export function randomMatrix(seed: number, users: number, items: number, density: number, cold = 0): Csr {
  const random = Random.fromSeed(seed);
  const rows = Array.from({ length: users }, (_, user) =>
    Array.from({ length: items }, (_, item) => {
      if (item >= items - cold) return 0;
      return item % users === user || user % (items - cold) === item || random.uniform() < density ? 1 : 0;
    }),
  );
  return matrixOf(rows);
}

/** Training data around a matrix; `texts` are the items' tags. */
export function trainingOf(matrix: Csr, texts: readonly string[] = []): ColdStartTraining {
  const users: number[] = [];
  for (let user = 0; user < matrix.rows; user++) {
    for (let at = matrix.offsets[user]; at < matrix.offsets[user + 1]; at++) users.push(user);
  }
  const keys = Array.from({ length: matrix.columns }, (_, item) => `i${String(item)}`);
  const coldItems = new Uint8Array(matrix.columns).fill(1);
  for (const item of matrix.indices) coldItems[item] = 0;
  const empty = csrFromPairs(matrix.rows, matrix.columns, [], []);
  return {
    users: { keys: Array.from({ length: matrix.rows }, (_, user) => `u${String(user)}`), attributes: {} },
    items: {
      keys,
      titles: keys.map(() => ""),
      texts: { tags: keys.map((_, item) => texts[item] ?? "") },
      categoryNames: [],
      categories: keys.map(() => []),
      attributes: {},
    },
    interactions: {
      users: Int32Array.from(users),
      items: matrix.indices,
      values: null,
      times: null,
    },
    matrix,
    coldItems,
    validation: { warm: empty, cold: empty },
    hash: "test",
  };
}

export function contextOf(
  recommender: string,
  seed = 1,
  external: ReadonlyMap<string, string> = new Map(),
  signal: AbortSignal = new AbortController().signal,
): RunContext {
  const cost = new CostMeter();
  const folder = mkdtempSync(join(tmpdir(), "llmrec-recommenders-"));
  return {
    random: Random.fromSeed(seed).fork(recommender),
    seed,
    stages: new StageStore(folder, external, recommender, cost),
    cost,
    progress: silentProgress(),
    signal,
    llm: () => Promise.reject(new Error("this test lends no language model")),
  };
}

/** Fits and answers for all users: scores by rows. */
export async function scoresOf(
  recommender: Recommender<"cold-start">,
  train: ColdStartTraining,
  given: Record<string, unknown> = {},
  context: RunContext = contextOf(recommender.id),
): Promise<number[][]> {
  const fitted = await recommender.fit(train, resolveOptions(recommender, given), context);
  const cases = train.users.keys.map((_, user) => ({ user }));
  const scores = await fitted.answer(cases, context);
  const width = train.items.keys.length;
  return cases.map((_, row) => Array.from(scores.subarray(row * width, (row + 1) * width)));
}

/** The matrix as dense rows. */
export function dense(matrix: Csr): number[][] {
  return Array.from({ length: matrix.rows }, (_, row) => {
    const out = new Array<number>(matrix.columns).fill(0);
    for (let at = matrix.offsets[row]; at < matrix.offsets[row + 1]; at++)
      out[matrix.indices[at]] = matrix.values[at];
    return out;
  });
}

/** The largest absolute difference of two tables of equal shape. */
export function largestDifference(
  a: readonly (readonly number[])[],
  b: readonly (readonly number[])[],
): number {
  let largest = 0;
  a.forEach((row, r) => {
    row.forEach((value, c) => (largest = Math.max(largest, Math.abs(value - b[r][c]))));
  });
  return largest;
}
