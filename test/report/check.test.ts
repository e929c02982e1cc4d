import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { writeJson } from "../../src/core/files.js";
import type { Scoreboard, ScoreRow } from "../../src/experiment/scoreboard.js";
import { checkRuns, parseSlowdown } from "../../src/report/check/check.js";
import { escapeXml } from "../../src/report/check/junit.js";
import { fails } from "../../src/report/check/verdicts.js";
import { smallCost, smallScoreboard } from "./fixtures.js";

let folder: string;
let baseline: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "check-"));
  baseline = join(folder, "baseline.json");
});

async function writeRun(name: string, scoreboard: Scoreboard, cost = smallCost()): Promise<string> {
  const dir = join(folder, "runs", name);
  await mkdir(dir, { recursive: true });
  await writeJson(join(dir, "manifest.json"), {
    schemaVersion: 1,
    program: { version: "0.1.0", node: "v20" },
    host: { cpu: "Z80", platform: "cpm" },
  });
  await writeJson(join(dir, "scoreboard.json"), scoreboard);
  await writeJson(join(dir, "cost.json"), cost);
  return dir;
}

const check = (more: Partial<Parameters<typeof checkRuns>[0]> = {}) =>
  checkRuns({ baseline, runs: [], out: join(folder, "runs"), update: false, ...more });

/** The baseline of the small scoreboard, and a check of what `change` makes of it. */
async function checkChanged(
  change: (scoreboard: Scoreboard) => Scoreboard,
  more: Parameters<typeof check>[0] = {},
) {
  await writeRun("one", smallScoreboard());
  await check({ update: true });
  await writeRun("one", change(smallScoreboard()));
  const outcome = await check(more);
  return { ...outcome, moved: outcome.findings.filter(({ verdict }) => verdict !== "equal") };
}

function changeRow(scoreboard: Scoreboard, id: string, change: (row: ScoreRow) => ScoreRow): Scoreboard {
  return { ...scoreboard, rows: scoreboard.rows.map((row) => (row.recommender === id ? change(row) : row)) };
}

const scale = (metric: string, factor: number) => (scoreboard: Scoreboard) =>
  changeRow(scoreboard, "als", (row) => ({
    ...row,
    metrics: {
      ...row.metrics,
      [metric]: { ...row.metrics[metric], mean: row.metrics[metric].mean * factor },
    },
  }));

describe("check", () => {
  it("passes an unchanged run, also against a figure that decimal fractions can not hold", async () => {
    const { passed, moved, counts, text } = await checkChanged((scoreboard) => scoreboard);
    expect({ passed, moved, counts }).toEqual({ passed: true, moved: [], counts: { equal: 19 } });
    expect(text).toBe("Nothing fails, 19 equal.\n");
  });

  it("fails a drop of 1 %, and of the last bit, naming both figures", async () => {
    const one = await checkChanged(scale("recall@20/cold", 0.99));
    expect(one.passed).toBe(false);
    expect(one.moved).toMatchObject([
      { recommender: "als", metric: "recall@20/cold", verdict: "worse", before: 0.1 + 0.2 },
    ]);
    expect(one.text).toContain("recall@20/cold of als on world_small fell from 0.3000 to 0.2970 (-1.0 %)");
    const bit = await checkChanged(scale("recall@20/cold", 1 - 2 ** -53));
    expect(bit.moved[0].verdict).toBe("worse");
    expect(bit.moved[0].message).toContain("(-2e-14 %)");
  });

  it("knows each metric's direction: a lower loss is better, a moved bias neither", async () => {
    const loss = await checkChanged(scale("logloss", 1.01));
    expect([loss.passed, loss.moved[0].verdict]).toEqual([false, "worse"]);
    const lower = await checkChanged(scale("logloss", 0.99));
    expect([lower.passed, lower.moved[0].verdict]).toEqual([true, "better"]);
    expect(lower.text).toContain("Hold the gain");
    const bias = await checkChanged(scale("bias", 1.01));
    expect([bias.passed, bias.moved[0].verdict]).toEqual([true, "moved"]);
  });

  it("fails a missing row, metric and result, and lets new ones pass", async () => {
    const row = await checkChanged((scoreboard) => ({
      ...scoreboard,
      rows: scoreboard.rows.filter(({ recommender }) => recommender !== "als"),
    }));
    expect(row.moved).toMatchObject([{ recommender: "als", metric: null, verdict: "missing" }]);
    const metric = await checkChanged((scoreboard) =>
      changeRow(scoreboard, "als", (one) => ({ ...one, metrics: { logloss: one.metrics.logloss } })),
    );
    expect(metric.moved.map((finding) => [finding.metric, finding.verdict])).toEqual([
      ["recall@20/cold", "missing"],
      ["recall@20/warm", "missing"],
      ["bias", "missing"],
    ]);
    const other = await checkChanged((scoreboard) => ({ ...scoreboard, dataset: "world_large" }));
    expect(other.moved.map((finding) => [finding.result, finding.verdict])).toEqual([
      ["cold-start on world_small", "missing"],
      ["cold-start on world_large", "new"],
    ]);
    expect([row.passed, metric.passed, other.passed]).toEqual([false, false, false]);
    const added = await checkChanged((scoreboard) => ({
      ...scoreboard,
      rows: [...scoreboard.rows, { ...scoreboard.rows[2], recommender: "another" }],
    }));
    expect([added.passed, added.moved[0].verdict]).toEqual([true, "new"]);
  });

  it("fails a run without rows, a run that did not end, and no run at all", async () => {
    const empty = await checkChanged((scoreboard) => ({ ...scoreboard, rows: [] }));
    expect(empty.passed).toBe(false);
    expect(empty.text).toContain("nothing was measured");
    await mkdir(join(folder, "runs", "cut"), { recursive: true });
    await writeJson(join(folder, "runs", "cut", "manifest.json"), { schemaVersion: 1 });
    await writeRun("one", smallScoreboard());
    const cut = await check();
    expect(cut.findings.filter(fails)).toHaveLength(1);
    expect(cut.text).toContain("the run is not finished");
    const none = await check({ out: join(folder, "elsewhere") });
    expect(none.findings.filter(fails).map(({ verdict }) => verdict)).toEqual(["missing", "missing"]);
    expect(none.text).toContain("No run: nothing was measured.");
  });

  it("fails a figure that is no number, once, wherever it is", async () => {
    const { passed, moved } = await checkChanged(scale("recall@20/cold", NaN));
    expect(passed).toBe(false);
    expect(moved).toMatchObject([{ recommender: "als", metric: "recall@20/cold", verdict: "not-finite" }]);
    const fresh = await checkChanged((scoreboard) => ({
      ...scoreboard,
      rows: [
        ...scoreboard.rows,
        {
          ...scoreboard.rows[0],
          recommender: "another",
          metrics: { bias: { mean: NaN, sd: null, ci95: null, n: 9 } },
        },
      ],
    }));
    expect(fresh.passed).toBe(false);
  });

  it("does not compare what was measured on other data, another split, other seeds or fewer cases", async () => {
    for (const other of [{ dataHash: "e".repeat(64) }, { splitHash: "6".repeat(64) }, { seeds: [2] }]) {
      const { moved } = await checkChanged((scoreboard) => ({ ...scoreboard, ...other }));
      expect(moved).toMatchObject([{ recommender: null, verdict: "not-comparable" }]);
    }
    const described = await checkChanged((scoreboard) => ({ ...scoreboard, split: "by time" }));
    expect(described.moved[0].message).toContain("another split (by time, not 20 % of the items are cold)");
    const fewer = await checkChanged((scoreboard) =>
      changeRow(scoreboard, "als", (row) => ({
        ...row,
        metrics: { ...row.metrics, bias: { ...row.metrics.bias, n: 5 } },
      })),
    );
    expect(fewer.moved).toMatchObject([
      { verdict: "not-comparable", message: expect.stringContaining("5 cases, not 9000") as string },
    ]);
  });

  it("holds seconds to a tolerance only, and only when asked", async () => {
    const slow = { ...smallCost(), als: { ...smallCost().als, fitSeconds: 20 } };
    await writeRun("one", smallScoreboard());
    await check({ update: true });
    await writeRun("one", smallScoreboard(), slow);
    expect((await check()).passed).toBe(true);
    expect((await check({ maxSlowdown: 4 })).passed).toBe(true);
    const { findings } = await check({ maxSlowdown: 3 });
    expect(findings.filter(fails)).toMatchObject([
      {
        recommender: "als",
        metric: "seconds",
        verdict: "slower",
        message: expect.stringContaining("20.30 s, more than 3 times the baseline's 5.50 s") as string,
      },
    ]);
    expect(() => parseSlowdown("fast")).toThrow(/number of at least 1/);
  });

  it("refuses two runs of the same result", async () => {
    await writeRun("one", smallScoreboard());
    await writeRun("two", smallScoreboard());
    await expect(check({ update: true })).rejects.toMatchObject({ code: "SAME_RESULT_TWICE" });
    expect((await check({ update: true, runs: [join(folder, "runs", "two")] })).written).toBe(true);
  });
});

describe("check --update", () => {
  it("writes a line a figure, leaves an equal baseline byte by byte, and tells what moved", async () => {
    await writeRun("one", smallScoreboard());
    expect((await check({ update: true })).written).toBe(true);
    const before = await readFile(baseline, "utf8");
    expect(before).toContain('"recall@20/cold": { "mean": 0.30000000000000004, "n": 1200 }');
    await writeRun("one", smallScoreboard(), { ...smallCost(), als: { ...smallCost().als, fitSeconds: 9 } });
    expect((await check({ update: true })).written).toBe(false);
    expect(await readFile(baseline, "utf8")).toBe(before);
    await writeRun("one", scale("recall@20/cold", 0.5)(smallScoreboard()));
    const { passed, written, text } = await check({ update: true });
    expect({ passed, written }).toEqual({ passed: true, written: true });
    expect(text).toContain("fell from 0.3000 to 0.1500 (-50.0 %)");
    expect((await check()).passed).toBe(true);
  });

  it("never takes in an empty run or a figure that is no number", async () => {
    for (const bad of [{ ...smallScoreboard(), rows: [] }, scale("bias", NaN)(smallScoreboard())]) {
      await writeRun("one", bad);
      const { passed, written } = await check({ update: true });
      expect({ passed, written }).toEqual({ passed: false, written: false });
      await expect(readFile(baseline)).rejects.toThrow();
    }
  });
});

describe("check's baseline file", () => {
  it("is refused where it is missing, no JSON, of another form or empty", async () => {
    await writeRun("one", smallScoreboard());
    await expect(check()).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      hint: expect.stringContaining("--update") as string,
    });
    for (const text of ["{", "{}", '{"schemaVersion":1,"results":[]}']) {
      await writeFile(baseline, text);
      await expect(check()).rejects.toMatchObject({ code: "BAD_BASELINE", exit: 3 });
    }
    await check({ update: true, baseline: `${baseline}.2` });
    const held = JSON.parse(await readFile(`${baseline}.2`, "utf8")) as { results: { rows: object }[] };
    held.results[0].rows = {};
    await writeFile(baseline, JSON.stringify(held));
    await expect(check()).rejects.toMatchObject({
      code: "BAD_BASELINE",
      message: expect.stringContaining("could not fail") as string,
    });
  });

  it("tells who made it when an exact figure moved on another machine", async () => {
    await writeRun("one", smallScoreboard());
    await check({ update: true });
    await writeFile(baseline, (await readFile(baseline, "utf8")).replace("Z80, cpm", "6502, pet"));
    await writeRun("one", scale("bias", 2)(scale("logloss", 2)(smallScoreboard())));
    expect((await check()).text).toContain("host 6502, pet, now Z80, cpm");
  });
});

describe("check's reports", () => {
  it("are JUnit XML, github-action-benchmark's files and GitHub's summary", async () => {
    const junit = join(folder, "out", "check.xml");
    const benchmark = join(folder, "out", "benchmark");
    const stepSummary = join(folder, "summary.md");
    await writeFile(stepSummary, "before\n");
    await checkChanged(scale("logloss", 2), { junit, benchmark, stepSummary });
    const xml = await readFile(junit, "utf8");
    expect(xml).toContain('<testsuites name="llmrec check" tests="19" failures="1" errors="0">');
    expect(xml).toContain(
      '<testcase classname="cold-start on world_small.als" name="logloss"><failure type="worse"',
    );
    expect(xml.match(/<testcase/g)).toHaveLength(19);
    const entries = async (file: string) =>
      JSON.parse(await readFile(join(benchmark, file), "utf8")) as {
        name: string;
        unit: string;
        value: number;
      }[];
    const bigger = await entries("bigger-is-better.json");
    expect(bigger).toHaveLength(9);
    expect(bigger.find(({ name }) => name === "cold-start/world_small/als: recall@20/cold")).toEqual({
      name: "cold-start/world_small/als: recall@20/cold",
      unit: "score",
      value: 0.1 + 0.2,
      range: "± 0.0100",
      extra: "1200 cases",
    });
    const smaller = await entries("smaller-is-better.json");
    expect(smaller.map(({ name }) => name).filter((name) => name.includes("/als"))).toEqual([
      "cold-start/world_small/als: logloss",
      "cold-start/world_small/als: seconds",
    ]);
    const summary = await readFile(stepSummary, "utf8");
    expect(summary).toMatch(/^before\n### Recommendation quality: failed\n/);
    expect(summary).toContain(
      String.raw`| WORSE | logloss of als on world\_small rose from 0.4000 to 0.8000 (+100.0 %)`,
    );
  });

  it("hold no character that XML can not", () => {
    expect(escapeXml('<a b="c">\u0000\u0007&\uD800x\n😀</a>')).toBe(
      "&lt;a b=&quot;c&quot;&gt;&amp;x&#10;😀&lt;/a&gt;",
    );
  });
});
