import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { writeParquet } from "../../src/core/parquet.js";
import { Random } from "../../src/core/random.js";
import { testRuns } from "../../src/report/compare-signs.js";
import type { FinishedRun } from "../../src/report/run.js";
import { smallCost, smallScoreboard } from "./fixtures.js";

let folder: string;
const random = Random.fromSeed("compare");
const clusters = Int32Array.from({ length: 200 }, (_, i) => Math.floor(i / 2));
const base = Float64Array.from(clusters, () => random.uniform());
const cases = Array.from(clusters, (user, i) => `u${user}/${i}`);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "signs-"));
});

/** A run of als (two seeds) and item_knn (one file) whose values are the base's plus these. */
async function runOf(name: string, als: readonly number[], itemKnn: number): Promise<FinishedRun> {
  const dir = join(folder, name);
  const write = (file: string, by: number) => {
    const values = base.map((value) => value + by + 0.2 * random.normal());
    return writeParquet(join(dir, "cases", file), {
      case: cases,
      "recall@20/cold": values,
      logloss: values,
      bias: values,
      "top:cold": cases.map(() => ["a"]) as never,
    });
  };
  for (const [at, by] of als.entries()) await write(`als-seed${at + 1}.parquet`, by);
  await write("item_knn.parquet", itemKnn);
  await writeParquet(join(dir, "clusters.parquet"), { cluster: clusters });
  return {
    name,
    dir,
    scoreboard: { ...smallScoreboard(), seeds: als.map((_, at) => at + 1) },
    cost: smallCost(),
    manifest: {},
  };
}

describe("testRuns", () => {
  it("marks what moved beyond chance, in the metric's direction, against the first run", async () => {
    const runs = [
      await runOf("one", [0, 0], 0),
      await runOf("two", [0.3, 0.3], 0),
      await runOf("three", [-0.3, -0.3], 0),
    ];
    const { signOf, notes } = await testRuns(runs);
    const all = ["als", "item_knn"].flatMap((id) =>
      ["recall@20/cold", "logloss", "bias"].map((metric) => [1, 2].map((run) => signOf(metric, id, run))),
    );
    // Of item_knn nothing moved, and bias has no direction.
    expect(all).toEqual([
      ["*", "†"],
      ["†", "*"],
      [null, null],
      [null, null],
      [null, null],
      [null, null],
    ]);
    expect(notes[0]).toContain("worse than one (paired t test within cases; Holm over the 8 differences");
  });

  it("leaves untested what the runs did not keep", async () => {
    const runs = [await runOf("one", [0], 0), await runOf("two", [0.3], 0)];
    await rm(join(runs[1].dir, "cases"), { recursive: true });
    const { signOf, notes } = await testRuns(runs);
    expect([signOf("recall@20/cold", "als", 1), notes]).toEqual([null, []]);
  });
});
