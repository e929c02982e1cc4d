import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../../src/core/files.js";
import type { Scoreboard } from "../../src/experiment/scoreboard.js";
import { ratingsFolder, run } from "./cli.js";

let folder: string;
let dir: string;
const words = ["coldllm", "--dataset", "ratings.csv", "--recommenders", "random,popularity,item-knn"];
const check = ["check", "--baseline", "baseline.json"];

beforeAll(async () => {
  ({ folder } = await ratingsFolder());
  const { stdout } = await run([...words, "--json"], folder);
  ({ dir } = (JSON.parse(stdout) as { run: { dir: string } }).run);
  const { code, stdout: text } = await run([...check, "--update"], folder);
  expect(code).toBe(0);
  expect(text).toContain("Written: baseline.json.");
});

/** The run with a changed scoreboard, in a folder of its own. */
async function tampered(change: (scoreboard: Scoreboard) => Scoreboard): Promise<string> {
  const copy = join(folder, "tampered");
  await rm(copy, { recursive: true, force: true });
  await cp(join(folder, dir), copy, { recursive: true });
  const file = join(copy, "scoreboard.json");
  const scoreboard = JSON.parse(await readFile(file, "utf8")) as Scoreboard;
  await writeFile(file, JSON.stringify(change(scoreboard)));
  return copy;
}

describe("llmrec check", () => {
  it("passes an unchanged re-run, made anew, and leaves the baseline as it is", async () => {
    const before = await readFile(join(folder, "baseline.json"), "utf8");
    expect((await run([...words, "--fresh", "-q"], folder)).code).toBe(0);
    const summary = join(folder, "summary.md");
    const { code, stdout, stderr } = await run([...check, "--junit", "check.xml"], folder, {
      GITHUB_STEP_SUMMARY: summary,
    });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Nothing fails, \d+ equal\.\n$/);
    expect(await readFile(join(folder, "check.xml"), "utf8")).toContain('failures="0"');
    expect(await readFile(summary, "utf8")).toContain("passed");
    expect((await run([...check, "--update"], folder)).code).toBe(0);
    expect(await readFile(join(folder, "baseline.json"), "utf8")).toBe(before);
  });

  it("ends with 5, with and without --json, for a figure off by 1 %, a missing row and an empty run", async () => {
    const changes: [string, (scoreboard: Scoreboard) => Scoreboard][] = [
      [
        "recall@20/warm of item-knn",
        ({ rows, ...rest }) => ({
          ...rest,
          rows: rows.map((row) => {
            const value = row.metrics["recall@20/warm"];
            const metrics = { ...row.metrics, "recall@20/warm": { ...value, mean: value.mean * 0.99 } };
            return row.recommender === "item-knn" ? { ...row, metrics } : row;
          }),
        }),
      ],
      ["the row item-knn is missing", ({ rows, ...rest }) => ({ ...rest, rows: rows.slice(0, 2) })],
      ["nothing was measured", (scoreboard) => ({ ...scoreboard, rows: [] })],
    ];
    for (const [reason, change] of changes) {
      const copy = await tampered(change);
      const plain = await run([...check, copy], folder);
      expect([plain.code, plain.stderr]).toEqual([5, expect.stringMatching(/^error: \d+ checks? fails?/)]);
      expect(plain.stdout).toContain(reason);
      const json = await run([...check, copy, "--json"], folder);
      expect(json.code).toBe(5);
      expect(JSON.parse(json.stdout)).toMatchObject({
        schemaVersion: 1,
        command: "check",
        passed: false,
        error: { code: "CHECK_FAILED", exit: 5 },
      });
    }
  });

  it("ends with 3 for a missing baseline and 2 for a wrong flag", async () => {
    expect((await run(["check", "--baseline", "none.json"], folder)).code).toBe(3);
    expect((await run([...check, "--max-slowdown", "fast"], folder)).code).toBe(2);
  });
});

describe("the workflow that users copy", () => {
  it("is valid YAML whose llmrec commands run and pass", async () => {
    const file = join(packageRoot(), "examples", "ci", "quality.yml");
    const workflow = parse(await readFile(file, "utf8")) as {
      jobs: { quality: { steps: { run?: string }[] } };
    };
    const commands = workflow.jobs.quality.steps
      .flatMap((step) => step.run?.split("\n") ?? [])
      .filter((line) => line.startsWith("npx llmrec "));
    expect(commands.map((line) => line.split(" ")[2])).toEqual(["coldllm", "check"]);
    const cwd = (await ratingsFolder()).folder;
    for (const [at, command] of commands.entries()) {
      const given = command.split(" ").slice(2);
      if (at === 1) expect((await run([...given, "--update"], cwd)).code).toBe(0);
      expect((await run(given, cwd)).code).toBe(0);
    }
  });
});
