import { existsSync } from "node:fs";
import { join } from "node:path";
import { readParquet } from "../core/parquet.js";
import { Random } from "../core/random.js";
import { averageSeeds, numberClusters } from "../metrics/statistics/describe.js";
import { holm } from "../metrics/statistics/holm.js";
import { comparePaired } from "../metrics/statistics/paired.js";
import type { ComparisonSigns } from "./compare.js";
import type { FinishedRun } from "./run.js";

const ALPHA = 0.05;

/** One recommender's values by case: seeds averaged, columns by metric. */
interface CaseValues {
  readonly cases: readonly string[];
  readonly values: Readonly<Record<string, Float64Array>>;
}

/**
 * Tests the difference of every run to the first in each recommender's main metrics, from the values that the runs keep of
 * every case: seeds averaged within a case, cases within their user or dialogue, paired t test, Holm's correction over all
 * tests of the table. Metrics without a value of each case (AUC, coverage) are left untested.
 */
export async function testRuns(runs: readonly FinishedRun[]): Promise<ComparisonSigns> {
  const [first, ...others] = runs;
  const columns = first.scoreboard.columns.flatMap(({ name, better, main }) =>
    main && better !== null ? [{ name, better }] : [],
  );
  const clusters = await clustersOf(first);
  const tests: { key: string; advantage: number; p: number }[] = [];
  for (const { recommender } of first.scoreboard.rows) {
    const base = await caseValues(first, recommender);
    if (base === undefined) continue;
    for (const [at, other] of others.entries()) {
      const own = await caseValues(other, recommender);
      if (own?.cases.length !== base.cases.length || !own.cases.every((name, n) => name === base.cases[n]))
        continue;
      for (const { name, better } of columns) {
        if (!Object.hasOwn(base.values, name) || !Object.hasOwn(own.values, name)) continue;
        const random = Random.fromSeed("bootstrap/runs").fork(`${recommender}/${name}/${at}`);
        const options = { better, random, clusters, replicates: 1 };
        const { advantage, p } = await comparePaired(own.values[name], base.values[name], options);
        tests.push({ key: keyOf(name, recommender, at + 1), advantage, p: p.t });
      }
    }
  }
  const adjusted = holm(tests.map(({ p }) => p));
  const signs = new Map(
    tests.flatMap(({ key, advantage }, at) =>
      adjusted[at] <= ALPHA && advantage !== 0 ? [[key, advantage > 0 ? "*" : "†"] as const] : [],
    ),
  );
  const notes = [
    `* significantly better, † worse than ${first.name} (paired t test within cases; Holm over the ${tests.length} ` +
      `differences of this table that have a value of each case, α = ${ALPHA}). No mark means not shown, not equal.`,
  ];
  return {
    signOf: (metric, recommender, run) => signs.get(keyOf(metric, recommender, run)) ?? null,
    notes: tests.length === 0 ? [] : notes,
  };
}

function keyOf(metric: string, recommender: string, run: number): string {
  return JSON.stringify([metric, recommender, run]);
}

/** Undefined where the run keeps no such file: it lacks the recommender, or its cases were deleted. */
async function caseValues(run: FinishedRun, recommender: string): Promise<CaseValues | undefined> {
  const folder = join(run.dir, "cases");
  const single = join(folder, `${recommender}.parquet`);
  const files = existsSync(single)
    ? [single]
    : run.scoreboard.seeds.map((seed) => join(folder, `${recommender}-seed${seed}.parquet`));
  if (!files.every((file) => existsSync(file))) return undefined;
  const seeds: Awaited<ReturnType<typeof readParquet>>[] = [];
  for (const file of files) seeds.push(await readParquet(file));
  const numbers = Object.keys(seeds[0]).filter((name) =>
    seeds.every((columns) => columns[name] instanceof Float64Array),
  );
  return {
    cases: seeds[0].case as readonly string[],
    values: Object.fromEntries(
      numbers.map((name) => [name, averageSeeds(seeds.map((columns) => columns[name] as Float64Array))]),
    ),
  };
}

/** Cluster number of each case, where cases of the run belong together. */
async function clustersOf(run: FinishedRun): Promise<Int32Array | undefined> {
  const file = join(run.dir, "clusters.parquet");
  if (!existsSync(file)) return undefined;
  return numberClusters((await readParquet(file)).cluster as Float64Array).of;
}
