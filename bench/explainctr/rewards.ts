/**
 * What PPO did to the rewards in a run of explainctr, for docs/explainctr.md: by seed and stage, and over all seeds, the mean reward of the explanations
 * drawn in the first and the last third of the steps, the difference with its z (by the spread of the rewards drawn), in how many policies
 * it rose, and the largest KL. Reads the health of the policies that are finished; a run under way has fewer.
 *
 *     node --import tsx bench/explainctr/rewards.ts runs/explainctr-world-1a2b3c4d
 */
import { join } from "node:path";
import { readPolicies, riseOf, type TrainedPolicy } from "../../src/report/policies.js";

const run = process.argv.at(2);
if (run === undefined) {
  console.error("usage: rewards.ts RUN");
  process.exit(2);
}
const policies = await readPolicies(join(run, "stages"));
if (policies.length === 0) console.error(`${run}: no policy has been trained by PPO yet`);

const heads = ["stage", "seed", "policies", "up", "steps", "first", "last", "difference", "z", "largest KL"];
const signed = (value: number) => (value < 0 ? "" : "+") + value.toFixed(4);

function lineOf(stage: string, seed: string, some: readonly TrainedPolicy[]): string[] {
  const { policies: count, up, first, last, difference, z, largestKl } = riseOf(some);
  const steps = [...new Set(some.map((one) => one.steps.length))].join("/");
  return [
    ...[stage, seed, `${count}`, `${up}`, steps],
    ...[first.toFixed(4), last.toFixed(4), signed(difference), z.toFixed(2), largestKl.toFixed(2)],
  ];
}

const lines = [...new Set(policies.map(({ stage }) => stage))].flatMap((stage) => {
  const own = policies.filter((policy) => policy.stage === stage);
  const seeds = [...new Set(own.map(({ seed }) => seed))];
  const bySeed = seeds.map((seed) =>
    lineOf(
      stage,
      String(seed ?? "-"),
      own.filter((policy) => policy.seed === seed),
    ),
  );
  return seeds.length < 2 ? bySeed : [...bySeed, lineOf(stage, "all", own)];
});
const widths = heads.map((head, at) => Math.max(head.length, ...lines.map((line) => line[at].length)));
for (const line of lines.length === 0 ? [] : [heads, ...lines])
  console.log(
    line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join("  "),
  );
