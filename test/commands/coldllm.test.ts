import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { ratingsFolder, run, start } from "./cli.js";

let folder: string;
const base = ["coldllm", "--dataset", "ratings.csv"];

beforeAll(async () => {
  ({ folder } = await ratingsFolder());
});

interface Row {
  recommender: string;
  metrics: Record<string, { mean: number; sd: number | null; ci95: [number, number] | null; n: number }>;
  cost: { fitSeconds: number; llmCalls: number };
}
const resultOf = (stdout: string) =>
  JSON.parse(stdout) as {
    schemaVersion: number;
    command: string;
    run: { id: string; dir: string };
    rows: Row[];
    warnings: string[];
  };

describe("llmrec coldllm", () => {
  it("prints a table on stdout and fills the run folder", async () => {
    const { code, stdout, stderr } = await run(
      [...base, "--recommenders", "random,popularity,item-knn", "-q"],
      folder,
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
    for (const text of ["item-knn", "recall@20", "cold-item(share=0.2"]) expect(stdout).toContain(text);
    const dir = /per-case values: (.*)$/m.exec(stdout)![1];
    const files = await readdir(join(folder, dir));
    for (const file of [
      "manifest.json",
      "scoreboard.json",
      "cost.json",
      "split.parquet",
      "table.md",
      "table.tex",
      "bars-recall-20.png",
      "bars-recall-20.svg",
    ]) {
      expect(files).toContain(file);
    }
    expect((await readdir(join(folder, dir, "cases"))).sort()).toEqual([
      "item-knn.parquet",
      "popularity.parquet",
      "random-seed1.parquet",
    ]);
    const manifest = JSON.parse(await readFile(join(folder, dir, "manifest.json"), "utf8")) as Record<
      string,
      unknown
    >;
    expect(manifest).toMatchObject({
      status: "finished",
      command: "coldllm",
      data: { users: 60, items: 50 },
    });
  });

  it("prints one JSON object that holds rows, intervals and costs", async () => {
    const { code, stdout } = await run(
      [...base, "--recommenders", "item-knn,random", "--seeds", "1,2", "--json"],
      folder,
    );
    expect(code).toBe(0);
    const result = resultOf(stdout);
    expect(result).toMatchObject({ schemaVersion: 1, command: "coldllm", warnings: [] });
    expect(result.rows.map((row) => row.recommender)).toEqual(["random", "item-knn"]);
    const [random, itemKnn] = result.rows.map((row) => row.metrics["recall@20/warm"]);
    expect(itemKnn.mean).toBeGreaterThan(random.mean);
    expect(itemKnn.sd).toBeNull();
    expect(random.sd).toBeGreaterThan(0);
    expect(itemKnn.ci95![0]).toBeLessThanOrEqual(itemKnn.mean);
    expect(result.rows[1].cost.fitSeconds).toBeGreaterThan(0);
  });

  it("resumes a killed run to a byte-equal scoreboard, without running finished parts again", async () => {
    const words = [...base, "--recommenders", "all", "--set", "ks=[3]", "--json"];
    const whole = await run([...words, "--out", "whole"], folder);
    const { child, finished } = start([...words, "--out", "killed"], { cwd: folder });
    // Kill it once something is finished, so that there is something to resume.
    const stagesOf = async () => {
      const runs = existsSync(join(folder, "killed")) ? await readdir(join(folder, "killed")) : [];
      const stages = runs.length === 0 ? undefined : join(folder, "killed", runs[0], "stages");
      return stages !== undefined && existsSync(stages)
        ? (await readdir(stages)).filter((name) => !name.endsWith(".tmp"))
        : [];
    };
    for (let wait = 0; wait < 2000 && (await stagesOf()).length === 0; wait++) await sleep(5);
    child.kill("SIGKILL");
    expect((await finished).code).toBeNull();
    const before = await stagesOf();
    expect(before.length).toBeGreaterThan(0);
    const id = resultOf(whole.stdout).run.id;
    expect(existsSync(join(folder, "killed", id, "scoreboard.json"))).toBe(false);
    const times = async () =>
      Promise.all(
        before.map(
          async (name) => (await stat(join(folder, "killed", id, "stages", name, "stage.json"))).mtimeMs,
        ),
      );
    const timesBefore = await times();
    const resumed = await run([...words, "--out", "killed"], folder);
    expect(resumed.code).toBe(0);
    expect(await times()).toEqual(timesBefore);
    const scoreboard = (root: string) => readFile(join(folder, root, id, "scoreboard.json"), "utf8");
    expect(await scoreboard("killed")).toBe(await scoreboard("whole"));
  });

  it("stops at Ctrl-C with 130 and says how to go on", async () => {
    const big = await ratingsFolder({ users: 900, items: 900 });
    const { child, finished } = start([...base, "--recommenders", "random", "--seeds", "1,2,3,4,5,6,7,8,9"], {
      cwd: big.folder,
    });
    const runs = join(big.folder, "runs");
    for (let wait = 0; wait < 3000 && !existsSync(runs); wait++) await sleep(5);
    child.kill("SIGINT");
    const { code, stderr } = await finished;
    expect(code).toBe(130);
    expect(stderr).toContain("run the same command again to go on");
  });

  it("gives back a saved split, and takes an evaluation from outside", async () => {
    const first = resultOf((await run([...base, "--recommenders", "popularity", "--json"], folder)).stdout);
    const split = join(folder, first.run.dir, "split.parquet");
    const again = await run([...base, "--recommenders", "popularity", "--split", split, "--json"], folder);
    const metrics = (stdout: string) => resultOf(stdout).rows[0].metrics;
    expect(metrics(again.stdout)).toEqual(first.rows[0].metrics);
    const cases = join(folder, first.run.dir, "cases", "popularity.parquet");
    const replay = await run(
      [...base, "--recommenders", "item-knn", "--from", `item-knn.cases=${cases}`, "--json"],
      folder,
    );
    expect(metrics(replay.stdout)["ndcg@20/warm"].mean).toBe(first.rows[0].metrics["ndcg@20/warm"].mean);
  });
});

describe("llmrec coldllm --compare-to", () => {
  it("marks what is significantly better than the declared row, in table and JSON", async () => {
    const words = [...base, "--recommenders", "popularity,item-knn,ease", "--compare-to", "popularity"];
    const { code, stdout, stderr } = await run([...words, "-q"], folder);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain("Holm over 12 comparisons declared before the run");
    expect(stdout).toMatch(/item-knn.* \d\.\d{4}\* ±/);
    const { comparisons } = JSON.parse((await run([...words, "--json"], folder)).stdout) as {
      comparisons: {
        results: { recommender: string; metric: string; verdict: string | null; adjusted: number }[];
      };
    };
    expect(comparisons.results).toHaveLength(12);
    const warm = comparisons.results.filter(({ metric }) => metric === "recall@20/warm");
    expect(warm.map(({ recommender, verdict }) => [recommender, verdict])).toEqual([
      ["item-knn", "better"],
      ["ease", "better"],
    ]);
    const wrong = await run([...base, "--recommenders", "popularity,ease", "--compare-to", "als"], folder);
    expect([wrong.code, wrong.stdout]).toEqual([2, ""]);
    expect(wrong.stderr).toContain("als is no part of this run");
  });
});

describe("llmrec coldllm with wrong input", () => {
  const fails = async (words: readonly string[], cwd = folder) => {
    const plain = await run(words, cwd);
    const json = await run([...words, "--json"], cwd);
    const { error } = JSON.parse(json.stdout) as {
      error: { code: string; exit: number; message: string; file: string; line: number; hint: string };
    };
    expect(plain.stdout).toBe("");
    expect(plain.stderr).toContain(error.message.split("\n")[0]);
    expect([plain.code, json.code]).toEqual([error.exit, error.exit]);
    return error;
  };

  it("names the nearest data set, recommender, option, key and split, exit 2", async () => {
    expect(await fails(["coldllm", "--dataset", "ml-100"])).toMatchObject({
      exit: 2,
      code: "UNKNOWN_DATASET",
      hint: expect.stringContaining("ml-100k") as string,
    });
    expect(await fails([...base, "--recommenders", "item-nn"])).toMatchObject({
      exit: 2,
      code: "UNKNOWN_RECOMMENDER",
      hint: expect.stringContaining("item-knn") as string,
    });
    expect(await fails([...base, "--recommenders", "item-knn", "--set", "item-knn.kk=3"])).toMatchObject({
      exit: 2,
      code: "BAD_OPTION",
    });
    expect(await fails([...base, "--recommenders", "item-knn", "--set", "popularity.x=3"])).toMatchObject({
      exit: 2,
      code: "UNKNOWN_OPTION",
    });
    expect(await fails([...base, "--split", "cold-itm"])).toMatchObject({
      exit: 2,
      code: "UNKNOWN_SPLIT",
      hint: expect.stringContaining("cold-item") as string,
    });
    expect(await fails([...base, "--frobnicate"])).toMatchObject({ exit: 2, code: "BAD_FLAGS" });
    expect(await fails([...base, "--seeds", "one"])).toMatchObject({ exit: 2, code: "BAD_CONFIG" });
  });

  it("names file, line and column of a rating that is no number, exit 3, and writes nothing", async () => {
    const bad = join(folder, "bad");
    await mkdir(bad, { recursive: true });
    await writeFile(join(bad, "r.csv"), "user,item,rating\nu1,i1,5\nu2,i2,five\n");
    expect(await fails(["coldllm", "--dataset", "r.csv"], bad)).toMatchObject({
      exit: 3,
      line: 3,
      column: "rating",
    });
    expect(await readdir(bad)).toEqual(["r.csv"]);
  });

  it("refuses an output folder that it can't write, exit 2", async () => {
    await writeFile(join(folder, "occupied"), "");
    expect(await fails([...base, "--recommenders", "popularity", "--out", "occupied"])).toMatchObject({
      exit: 2,
      code: "NOT_A_FOLDER",
    });
    if (process.getuid?.() === 0) return;
    await mkdir(join(folder, "locked"), { recursive: true });
    await chmod(join(folder, "locked"), 0o500);
    expect(await fails([...base, "--recommenders", "popularity", "--out", "locked"])).toMatchObject({
      exit: 2,
      code: "NOT_WRITABLE",
    });
  });

  it("refuses data that leak, exit 3", async () => {
    const file = join(folder, "repeated.csv");
    const text = await readFile(join(folder, "ratings.csv"), "utf8");
    await writeFile(file, text + text.split("\n").slice(1).join("\n"));
    const error = await fails(["coldllm", "--dataset", "repeated.csv", "--recommenders", "popularity"]);
    expect(error).toMatchObject({
      exit: 3,
      code: "LEAK",
      hint: expect.stringContaining("filter.deduplicate=last") as string,
    });
    const mended = await run(
      [
        "coldllm",
        "--dataset",
        "repeated.csv",
        "--recommenders",
        "popularity",
        "--set",
        "filter.deduplicate=last",
        "-q",
      ],
      folder,
    );
    expect(mended.code).toBe(0);
  });
});
