import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../src/core/files.js";
import { readParquet } from "../../src/core/parquet.js";
import { ratingsFolder, run, temporaryFolder } from "./cli.js";

let folder: string;

beforeAll(async () => {
  ({ folder } = await ratingsFolder());
});

describe("the program", () => {
  it("answers --version and --help, and lists its commands", async () => {
    const { version } = JSON.parse(await readFile(join(packageRoot(), "package.json"), "utf8")) as {
      version: string;
    };
    expect((await run(["--version"], folder)).stdout).toContain(`llmrec-bench/${version}`);
    const help = await run(["--help"], folder);
    expect(help.code).toBe(0);
    for (const topic of ["bench", "coldllm", "compare", "datasets"]) expect(help.stdout).toContain(topic);
  });

  it("has exactly these commands and flags: a renamed one is a change that users must be told", async () => {
    const manifest = JSON.parse(await readFile(join(packageRoot(), "oclif.manifest.json"), "utf8")) as {
      commands: Record<string, { flags: Record<string, unknown> }>;
    };
    const tree = Object.entries(manifest.commands).map(
      ([id, { flags }]) => `${id.replaceAll(":", " ")}: ${Object.keys(flags).sort().join(" ")}`,
    );
    expect(tree.sort()).toMatchInlineSnapshot(`
      [
        "bench: fresh json out provider quiet seeds threads",
        "check: baseline benchmark-json json junit max-slowdown out quiet update",
        "coldllm add-item: concurrency file items-per-day json max-cost max-errors offline price quiet requests-per-minute retries run seed timeout to users",
        "coldllm replay: backbone data format fresh json out quiet seeds",
        "coldllm samples: count data history json noun offline quiet seed set to",
        "coldllm: compare-to concurrency config data dataset fresh from hybrid json llm max-cost max-errors offline out plugin price provider quiet recommenders requests-per-minute retries seeds set split threads timeout tune",
        "compare: format json quiet",
        "completion: json quiet",
        "config show: compare-to concurrency config data dataset fresh from hybrid json llm max-cost max-errors offline out plugin price provider quiet recommenders requests-per-minute retries seeds set split threads timeout tune",
        "datasets fetch: json offline quiet",
        "datasets info: json quiet",
        "datasets list: json quiet",
        "datasets split: data json offline quiet set split to",
        "datasets validate: data json offline quiet",
        "dlcrec list: config data dataset from genres history json length llm offline out quiet run seed set slots split stage",
        "dlcrec replay: data format json quiet recommenders",
        "dlcrec: compare-to concurrency config data dataset fresh from hybrid json llm max-cost max-errors offline out plugin price provider quiet recommenders requests-per-minute retries seeds set split stage threads timeout tune",
        "doctor: json quiet",
        "explainctr explain: concurrency item json max-cost max-errors offline out price quiet recommenders requests-per-minute retries run timeout user",
        "explainctr: compare-to concurrency config data dataset fresh from hybrid json llm max-cost max-errors offline out plugin price provider quiet recommenders requests-per-minute retries seeds set split threads timeout tune",
        "models export: adapter json llm offline out quiet weights",
        "models finetune: batch-size epochs file held-out json learning-rate llm offline out provider quiet rank seed threads",
        "models list: json quiet",
        "models pretrain: json out provider quiet seed threads twin",
        "models pull: json offline quiet",
        "report: json quiet to",
        "rta chat: data dataset json length llm offline out quiet",
        "rta samples: data json offline quiet set to turns",
        "rta: compare-to concurrency config data dataset fresh from hybrid json llm max-cost max-errors offline out plugin price provider quiet recommenders requests-per-minute retries seeds set split threads timeout tune",
        "sweep: jobs json launcher merge offline only out quiet",
      ]
    `);
  });

  it("ends an unknown command with 2 and the nearest name", async () => {
    const { code, stderr } = await run(["coldlm"], folder);
    expect(code).toBe(2);
    expect(stderr).toContain("Did you mean coldllm?");
  });
});

describe("llmrec datasets", () => {
  it("lists, describes and names the nearest", async () => {
    const list = await run(["datasets", "list", "--json"], folder);
    const names = (JSON.parse(list.stdout) as { datasets: { name: string }[] }).datasets.map(
      ({ name }) => name,
    );
    for (const name of ["ml-100k", "ml-1m", "citeulike-a", "world", "inspired"])
      expect(names).toContain(name);
    const info = await run(["datasets", "info", "ml-1m"], folder);
    expect(info.stdout).toMatch(/licence/);
    const wrong = await run(["datasets", "info", "ml-1n"], folder);
    expect([wrong.code, wrong.stdout]).toEqual([2, ""]);
    expect(wrong.stderr).toContain("Did you mean ml-1m?");
  });

  it("fails at once offline, naming the file and where to put it", async () => {
    const cache = await temporaryFolder();
    const { code, stderr } = await run(["datasets", "fetch", "ml-1m", "--offline"], folder, {
      LLMREC_CACHE_DIR: cache,
    });
    expect(code).toBe(3);
    expect(stderr).toContain(join(cache, "datasets", "ml-1m"));
  });

  it("validates a table", async () => {
    const { code, stdout } = await run(["datasets", "validate", "ratings.csv", "--json"], folder);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ profile: { users: 60, items: 50 } });
  });

  it("saves a split that a run takes back", async () => {
    const words = [
      "datasets",
      "split",
      "ratings.csv",
      "--split",
      "k-fold",
      "--set",
      "split.fold=2",
      "--to",
      "fold2.parquet",
    ];
    const { code, stdout } = await run(words, folder);
    expect(code).toBe(0);
    expect(stdout).toContain("k-fold(folds=5, fold=2");
    expect(Object.keys(await readParquet(join(folder, "fold2.parquet")))).toEqual([
      "user",
      "item",
      "time",
      "part",
    ]);
  });
});

describe("llmrec bench and compare", () => {
  it("compares two runs and refuses runs on other data", async () => {
    const dir = async (words: readonly string[]) => {
      const { stdout } = await run(["coldllm", "--json", ...words], folder);
      return (JSON.parse(stdout) as { run: { dir: string } }).run.dir;
    };
    const small = ["--dataset", "ratings.csv", "--recommenders", "item-knn"];
    const [one, two] = [await dir(small), await dir([...small, "--set", "item-knn.k=5"])];
    const table = await run(["compare", one, two, "--format", "md"], folder);
    expect(table.code).toBe(0);
    expect(table.stdout).toContain("item-knn");
    const world = await dir(["--set", "world.size=tiny", "--recommenders", "popularity,oracle"]);
    const refused = await run(["compare", one, world], folder);
    expect(refused.code).toBe(3);
    expect((await run(["compare", one], folder)).code).toBe(2);
  });

  it("ranks the embedded world as its truth demands: oracle above EASE above popularity above random", async () => {
    const words = [
      "coldllm",
      "--set",
      "world.size=tiny",
      "--recommenders",
      "random,popularity,ease,oracle",
      "--json",
    ];
    const { stdout } = await run(words, folder);
    const { rows } = JSON.parse(stdout) as {
      rows: { recommender: string; metrics: Record<string, { mean: number }> }[];
    };
    const warm = (id: string) =>
      rows.find(({ recommender }) => recommender === id)!.metrics["recall@20/warm"].mean;
    expect(warm("oracle")).toBeGreaterThan(warm("ease"));
    expect(warm("ease")).toBeGreaterThan(warm("popularity"));
    expect(warm("popularity")).toBeGreaterThan(warm("random"));
    const cold = rows.find(({ recommender }) => recommender === "oracle")!.metrics["recall@20/cold"].mean;
    expect(cold).toBeGreaterThan(rows[0].metrics["recall@20/cold"].mean);
  });
});
