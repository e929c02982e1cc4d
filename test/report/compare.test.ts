import { describe, expect, it } from "vitest";
import { type ComparableRun, compareRuns } from "../../src/report/compare.js";
import { renderComparison } from "../../src/report/render.js";
import { smallCost, smallScoreboard, valueOf } from "./fixtures.js";

function twoRuns(): [ComparableRun, ComparableRun] {
  const first = { name: "before", scoreboard: smallScoreboard(), cost: smallCost() };
  const rows = smallScoreboard()
    .rows.filter(({ recommender }) => recommender !== "item_knn")
    .map((row) =>
      row.recommender === "als"
        ? {
            ...row,
            metrics: { ...row.metrics, "recall@20/cold": valueOf(0.3125, 0.01), logloss: valueOf(0.41) },
          }
        : row,
    );
  return [
    first,
    { name: "after", scoreboard: { ...smallScoreboard(), rows, seeds: [2] }, cost: smallCost() },
  ];
}

describe("compareRuns", () => {
  it("subtracts the first run, and never invents a missing value", () => {
    const { lines } = compareRuns(twoRuns());
    const line = (metric: string, recommender: string) =>
      lines.find((each) => each.metric === metric && each.recommender === recommender);
    expect(line("recall@20/cold", "als")?.differences).toEqual([null, 0.3125 - (0.1 + 0.2)]);
    expect(line("logloss", "als")?.differences[1]).toBeCloseTo(0.01, 12);
    expect(line("recall@20/cold", "item_knn")?.values[1]).toBeNull();
    expect(line("recall@20/cold", "item_knn")?.differences).toEqual([null, null]);
    expect(line("recall@20/warm", "coldllm")).toBeUndefined();
    expect(line("cost:seconds", "coldllm")?.values.map((value) => value?.mean)).toEqual([1234, 1234]);
  });

  it("names what not all runs share", () => {
    expect(compareRuns(twoRuns()).warnings).toEqual([
      "The recommender item_knn is missing from after.",
      "The runs have different seeds: before: 1; after: 2.",
    ]);
    const [first, second] = twoRuns();
    const columns = second.scoreboard.columns
      .filter(({ name }) => name !== "bias")
      .map((column) => (column.name === "logloss" ? { ...column, better: "higher" as const } : column));
    expect(
      compareRuns([first, { ...second, scoreboard: { ...second.scoreboard, columns } }]).warnings,
    ).toEqual(
      expect.arrayContaining([
        "The runs do not agree on which direction of logloss is better; the first run's is used.",
        "The metric bias is missing from after.",
      ]),
    );
  });

  it.each(["dataHash", "splitHash"] as const)("refuses runs whose %s differs", (key) => {
    const [first, second] = twoRuns();
    const other = { ...second, scoreboard: { ...second.scoreboard, [key]: "0".repeat(64) } };
    expect(() => compareRuns([first, other])).toThrow(
      expect.objectContaining({ code: "RUNS_DIFFER", exit: 3 }) as Error,
    );
  });

  it("refuses a single run and tells equal names apart", () => {
    const [first, second] = twoRuns();
    expect(() => compareRuns([first])).toThrow(
      expect.objectContaining({ code: "TOO_FEW_RUNS", exit: 2 }) as Error,
    );
    const { runs } = compareRuns([first, { ...second, name: "before" }, second]);
    expect(runs.map(({ name }) => name)).toEqual(["before", "before (2)", "after"]);
  });
});

describe("a comparison as text", () => {
  it("has a section a metric and a column a run", async () => {
    expect(await renderComparison(compareRuns(twoRuns()), "text")).toMatchInlineSnapshot(`
      "Cold start on world_small: before, after

                                    - before -  ----- after ------
      metric           recommender       value   value  difference
      ------------------------------------------------------------
      recall@20/cold   random           0.0059  0.0059      0.0000
      recall@20/cold   item_knn         0.3000       -           -
      recall@20/cold   als              0.3000  0.3125     +0.0125
      recall@20/cold   coldllm          0.2500  0.2500      0.0000
      recall@20/cold   oracle           0.6123  0.6123      0.0000
      ------------------------------------------------------------
      recall@20/warm   random           0.0061  0.0061      0.0000
      recall@20/warm   item_knn         0.3100       -           -
      recall@20/warm   als              0.2900  0.2900      0.0000
      recall@20/warm   oracle           0.5000  0.5000      0.0000
      ------------------------------------------------------------
      logloss ↓        random           0.6931  0.6931      0.0000
      logloss ↓        item_knn         0.4500       -           -
      logloss ↓        als              0.4000  0.4100     +0.0100
      logloss ↓        coldllm          0.5000  0.5000      0.0000
      logloss ↓        oracle           0.3000  0.3000      0.0000
      ------------------------------------------------------------
      cost:seconds ↓   random            0.010   0.010       0.000
      cost:seconds ↓   item_knn          0.800   0.800       0.000
      cost:seconds ↓   als                5.50    5.50       0.000
      cost:seconds ↓   coldllm           1,234   1,234       0.000
      cost:seconds ↓   oracle           <0.001  <0.001       0.000
      ------------------------------------------------------------
      cost:llmCalls ↓  random                0       0           0
      cost:llmCalls ↓  item_knn              0       0           0
      cost:llmCalls ↓  als                   0       0           0
      cost:llmCalls ↓  coldllm           4,000   4,000           0
      cost:llmCalls ↓  oracle                0       0           0
      ------------------------------------------------------------
      cost:usd ↓       coldllm            0.01    0.01        0.00

      Split: 20 % of the items are cold. Differences are to before; with ↓ lower is better.
      The recommender item_knn is missing from after.
      The runs have different seeds: before: 1; after: 2.
      "
    `);
  });

  it("carries significance marks from outside", async () => {
    const comparison = compareRuns(twoRuns(), {
      signOf: (metric, recommender, run) =>
        metric === "recall@20/cold" && recommender === "als" && run === 1 ? "*" : null,
      notes: ["*: p < .05 after Holm's correction."],
    });
    const text = await renderComparison(comparison, "text");
    expect(text).toContain("  +0.0125*\n");
    expect(text).toContain("   0.0000\n");
    expect(await renderComparison(comparison, "tex")).toContain("$+$0.0125\\textsuperscript{*}");
    expect(await renderComparison(comparison, "md")).toContain("+0.0125\\*");
    expect(await renderComparison(comparison, "csv")).toMatch(/als,classic,.*,0\.01\d+,\*\n/);
    const parsed = JSON.parse(await renderComparison(comparison, "json")) as {
      rows: { recommender: string; runs: { sign: string | null; difference: number | null }[] }[];
    };
    expect(parsed.rows.find(({ recommender }) => recommender === "als")?.runs[1]).toMatchObject({
      sign: "*",
      difference: 0.3125 - (0.1 + 0.2),
    });
  });

  it("keeps long run names whole", async () => {
    const runs = twoRuns().map((run, at) => ({ ...run, name: `coldllm-world-small-0123456${at}` }));
    const text = await renderComparison(compareRuns(runs), "text");
    for (const { name } of runs) expect(text).toContain(`- ${name} -`);
  });
});
