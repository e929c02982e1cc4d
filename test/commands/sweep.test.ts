import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { ratingsFolder, run, start, temporaryFolder } from "./cli.js";

/** How often a sweep is killed; raise it to look harder. */
const KILLS = Number(process.env.LLMREC_TEST_KILLS ?? 2);

interface Swept {
  folder: string;
  finished: number;
  total: number;
  csv: string;
  failed: { number: number; exit: number; message: string }[];
}

let file: string;
let folder: string;
let whole: Swept;

const sweep = (out: string, ...more: string[]) => [
  "sweep",
  file,
  "--out",
  join(folder, out),
  "--json",
  ...more,
];
const resultsOf = ({ csv }: Swept) => readFile(csv, "utf8");

beforeAll(async () => {
  const ratings = await ratingsFolder();
  folder = await temporaryFolder();
  file = join(folder, "small.yaml");
  const config = `{ dataset: ${ratings.file}, recommenders: [random, popularity, item-knn] }`;
  await writeFile(
    file,
    `command: coldllm\nconfig: ${config}\ngrid: { item-knn.k: [5, 20], split.seed: [1, 2] }\n`,
  );
  const done = await run(sweep("whole", "--jobs", "2"), folder);
  expect(done).toMatchObject({ code: 0 });
  whole = JSON.parse(done.stdout) as Swept;
});

describe("llmrec sweep", () => {
  it("runs the grid and merges every figure", async () => {
    expect(whole).toMatchObject({ finished: 4, total: 4, failed: [] });
    const [head, ...lines] = (await resultsOf(whole)).trimEnd().split("\n");
    expect(head).toBe(
      "run,command,item-knn.k,split.seed,dataset_name,recommender,kind,metric,better,mean,sd,ci95_low,ci95_high,n",
    );
    expect(lines.filter((line) => line.includes(",item-knn,classic,recall@20/warm,"))).toHaveLength(4);
  });

  it("is not run again, and is not run by two at once", async () => {
    const again = await run(sweep("whole"), folder);
    expect(JSON.parse(again.stdout)).toMatchObject({ finished: 4, failed: [] });
    const both = await Promise.all([1, 2].map(() => run(sweep("two"), folder)));
    // The second waits a while; then it finds everything done, or is refused. Neither spoils anything.
    for (const { code } of both) expect([0, 2]).toContain(code);
    const done = both.find(({ code }) => code === 0)!;
    expect(await resultsOf(JSON.parse(done.stdout) as Swept)).toBe(await resultsOf(whole));
  });

  it("comes to the same result when it is killed again and again", async () => {
    const random = Random.fromSeed("kills");
    for (let kill = 0; kill < KILLS; kill++) {
      const { child, finished } = start(sweep("killed", "--jobs", "2"), { cwd: folder });
      await sleep(1500 + random.int(3000));
      child.kill("SIGKILL");
      await finished;
    }
    const done = await run(sweep("killed", "--jobs", "2"), folder);
    expect(done).toMatchObject({ code: 0 });
    expect(await resultsOf(JSON.parse(done.stdout) as Swept)).toBe(await resultsOf(whole));
  });

  it("goes on where a run fails, and says which and why", async () => {
    const bad = join(folder, "bad.yaml");
    const config = `{ recommenders: [popularity], world: { size: tiny } }`;
    await writeFile(bad, `command: coldllm\nconfig: ${config}\ngrid: { dataset: [world, ./none.csv] }\n`);
    const { code, stdout } = await run(["sweep", bad, "--json"], folder);
    expect(code).toBe(3);
    const { failed, finished, error } = JSON.parse(stdout) as Swept & { error: { code: string } };
    expect([finished, failed.map(({ number, exit }) => [number, exit])]).toEqual([1, [[2, 3]]]);
    expect(failed[0].message).toContain("none.csv");
    expect(error.code).toBe("SWEEP_FAILED");
  });
});
