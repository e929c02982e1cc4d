import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readConfigFile, resolveConfig } from "../../src/experiment/config.js";
import { runFolder } from "../../src/experiment/run-folder.js";
import { planSweep, pointsOf, type Purpose, writePlan } from "../../src/experiment/sweep/plan.js";
import { arrayScript, ranges } from "../../src/experiment/sweep/slurm.js";

const commands = new Map<string, Purpose>([
  ["coldllm", { task: "cold-start", defaults: {} }],
  ["dlcrec", { task: "controlled-list", defaults: { ks: [10] } }],
]);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "llmrec-sweep-"));
});

async function planOf(text: string) {
  const file = join(folder, "my sweep.yaml");
  await writeFile(file, text);
  return planSweep(file, commands, join(folder, "out"));
}

const GOOD = `
command: [coldllm, dlcrec]
config: { recommenders: [popularity], world: { size: tiny } }
grid:
  world.seed: [1, 2]
  seeds: [[1, 2], [3]]
slurm: { partition: gpu, exclusive: true }
`;

describe("a sweep's plan", () => {
  it("has every combination, the last axis fastest", () => {
    expect(pointsOf({ a: [1, 2], b: ["x", "y"] })).toEqual([
      { a: 1, b: "x" },
      { a: 1, b: "y" },
      { a: 2, b: "x" },
      { a: 2, b: "y" },
    ]);
    expect(pointsOf({})).toEqual([{}]);
  });

  it("gives each run the folder that its written configuration leads to", async () => {
    const sweep = await planOf(GOOD);
    expect(sweep.tasks).toHaveLength(8);
    expect(sweep.tasks[3]).toMatchObject({
      number: 4,
      command: "coldllm",
      point: { "world.seed": 2, seeds: [3] },
      config: { world: { size: "tiny", seed: 2 }, seeds: [3], ks: [20] },
    });
    expect(sweep.tasks[4].config.ks).toEqual([10]);
    await writePlan(sweep);
    for (const { command, configFile, folder: own } of sweep.tasks) {
      const config = resolveConfig([commands.get(command)!.defaults, await readConfigFile(configFile)]);
      expect(runFolder(sweep.runs, command, config)).toEqual(own);
    }
    // The copy that jobs are given leads to the same folder.
    expect((await planSweep(sweep.copy, commands, join(folder, "out"))).folder).toBe(sweep.folder);
  });

  it.each([
    ["comand: coldllm", /Unrecognized key/],
    ["command: coldlm", /coldlm is no command/],
    ["command: coldllm\ngrid: { als.factor: [1] }\nconfig: { recommenders: [als] }", /no option "factor"/],
    ["command: coldllm\ngrid: { als.factors: [1] }\nconfig: { recommenders: [ease] }", /no part of this run/],
    ["command: coldllm\ngrid: { seeds: [[1], [1]] }", /same run twice/],
    ["command: coldllm\ngrid: { seeds: [] }", /grid/],
  ])("refuses %j", async (text, message) => {
    await expect(planOf(text)).rejects.toThrow(message);
  });
});

describe("Slurm", () => {
  it("writes runs of numbers shortly", () => {
    expect(ranges([1, 2, 3, 5, 8, 9])).toBe("1-3,5,8-9");
    expect(ranges([4])).toBe("4");
  });

  it("gets an array over the open tasks with the user's options", async () => {
    const sweep = await planOf(GOOD);
    const open = sweep.tasks.filter(({ number }) => number !== 2);
    const script = arrayScript(sweep, open, {
      out: "out",
      program: "/opt/it's/run.js",
      jobs: 2,
      offline: true,
    });
    expect(script).toContain("#SBATCH --array=1,3-8%2\n");
    expect(script).toContain("#SBATCH --partition=gpu\n#SBATCH --exclusive\n");
    expect(script).toContain(`'/opt/it'\\''s/run.js' 'sweep' '${sweep.copy}'`);
    expect(script).toMatch(/ --only "\$SLURM_ARRAY_TASK_ID" --offline\n$/);
  });
});
