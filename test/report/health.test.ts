import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { drawHealth } from "../../src/report/charts/health.js";
import { type HealthStep, readPolicies, riseOf } from "../../src/report/policies.js";

let stages: string;

async function stage(name: string, record: unknown, steps: number): Promise<void> {
  await mkdir(join(stages, name));
  if (record !== null) await writeFile(join(stages, name, "stage.json"), JSON.stringify(record));
  const lines = Array.from({ length: steps }, (_, n) => stepOf(n + 1, -1 / (n + 1)));
  await writeFile(
    join(stages, name, "health.jsonl"),
    lines.map((line) => JSON.stringify(line) + "\n").join(""),
  );
}

function stepOf(step: number, reward: number, changes: Partial<HealthStep> = {}): HealthStep {
  return { step, answers: 4, reward, rewardSd: 0.5, kl: step, ...changes };
}

beforeAll(async () => {
  stages = await mkdtemp(join(tmpdir(), "llmrec-health-"));
  const [lc, both, ic] = [
    { form: "probability", reader: true },
    { form: "probability", reader: true, network: "n" },
    { form: "probability", reader: false, network: "n" },
  ];
  const record = (seed: number, reward: unknown, about?: unknown) => ({ inputs: { seed, reward }, about });
  const folds = 2;
  await stage("ic-a000", record(1, both, { round: 2, fold: 1, folds }), 3);
  await stage("ic-b000", record(1, ic, { round: 1, fold: 1, folds: 1 }), 3);
  await stage("ic-c000", record(2, both, { round: 1, fold: 2, folds }), 3);
  await stage("lc-d000", record(2, lc, { round: 1, fold: 2, folds }), 4);
  await stage("lc-e000", record(2, lc, { round: 1, fold: 1, folds }), 4);
  // By an older program, which kept no fold.
  await stage("lc-f000", record(1, lc), 4);
  await stage("lc-f111", record(1, lc), 4);
  await stage("ic-f222", { inputs: { seed: 1, reward: both, start: "f111" } }, 3);
  await stage("ic-f333", { inputs: { seed: 1, reward: both, start: "f000" } }, 3);
  await stage("sft-0000", record(1, undefined), 0);
  await stage("mine-1111", null, 2);
  await mkdir(join(stages, "vectors-0000"));
});

describe("the health of PPO", () => {
  it("is read by stage, seed and fold from the stages that trained", async () => {
    const found = await readPolicies(stages);
    expect(found.map(({ stage: own, name, steps }) => [own, name, steps.length])).toEqual([
      ["LC", "seed 1, f000", 4],
      ["LC", "seed 1, f111", 4],
      ["LC", "seed 2, fold 1", 4],
      ["LC", "seed 2, fold 2", 4],
      ["LC and IC", "seed 1, f000", 3],
      ["LC and IC", "seed 1, f111", 3],
      ["LC and IC", "seed 2, fold 2", 3],
      ["LC and IC, round 2", "seed 1, fold 1", 3],
      ["IC alone", "seed 1", 3],
      ["mine", "1111", 2],
    ]);
    expect(await readPolicies(join(stages, "nothing"))).toEqual([]);
  });

  it("is drawn in panels of its stages, a name once in the legend", async () => {
    const picture = await drawHealth(await readPolicies(stages));
    for (const words of ["Training by PPO", "LC and IC, round 2", "IC alone", "seed 2, fold 1"])
      expect(picture!.svg).toContain(words);
    expect(picture!.svg.match(/>seed 2, fold 2</g)?.length).toBe(1);
    expect(picture!.png.length).toBeGreaterThan(5_000);
    expect(await drawHealth([])).toBeNull();
  }, 60_000);

  it("tells how far the reward rose from the first third of the steps to the last, by the spread of the answers", () => {
    const steps = [0.2, 0.4, 9, 9, 9, 0.5, 0.7].map((reward, n) => stepOf(n + 1, reward));
    const one = riseOf([{ steps }]);
    expect(one).toMatchObject({ policies: 1, up: 1, largestKl: 7 });
    expect(one.first).toBeCloseTo(0.3, 12);
    expect(one.last).toBeCloseTo(0.6, 12);
    // Each third has 8 answers of deviation .5.
    expect(one.z).toBeCloseTo(0.3 / Math.sqrt((2 * 0.25) / 8), 12);
    const flat = [stepOf(1, 0.5, { rewardSd: 1, answers: 16 }), stepOf(2, 0.4, { rewardSd: 1, answers: 16 })];
    const two = riseOf([{ steps }, { steps: flat }]);
    expect(two).toMatchObject({ policies: 2, up: 1 });
    expect(two.difference).toBeCloseTo(0.1, 12);
    expect(two.z).toBeCloseTo(0.1 / (Math.sqrt((2 * 0.25) / 8 + 2 / 16) / 2), 12);
    expect(riseOf([{ steps: steps.slice(0, 1) }]).z).toBeNaN();
  });
});
