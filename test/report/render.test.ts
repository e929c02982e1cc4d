import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Scoreboard } from "../../src/experiment/scoreboard.js";
import { escapeLatex } from "../../src/report/latex.js";
import { renderScoreboard } from "../../src/report/render.js";
import { wantsAnsi } from "../../src/report/text.js";
import { realisticScoreboard, smallCost, smallScoreboard, valueOf } from "./fixtures.js";

const render = (
  format: Parameters<typeof renderScoreboard>[2],
  options?: Parameters<typeof renderScoreboard>[3],
) => renderScoreboard(smallScoreboard(), smallCost(), format, options);

const ESCAPE_CODES = new RegExp(String.raw`\u001B\[\d+m`, "g");

describe("text", () => {
  it("is aligned, with the main columns, costs and notes", async () => {
    expect(await render("text")).toMatchInlineSnapshot(`
      "Cold start on world_small

                            --------- recall@20 ----------             --------- cost ---------
      recommender  kind               cold            warm  logloss ↓  seconds  LLM calls   USD
      -----------------------------------------------------------------------------------------
      random       control  0.0059 ±0.0100  0.0061 ±0.0200     0.6931    0.010          0     -
      -----------------------------------------------------------------------------------------
      item_knn     classic  0.3000 ±0.0100  0.3100 ±0.0200     0.4500    0.800          0     -
      als          classic  0.3000 ±0.0100  0.2900 ±0.0200     0.4000     5.50          0     -
      -----------------------------------------------------------------------------------------
      coldllm      llm      0.2500 ±0.0100       -             0.5000    1,234      4,000  0.01
      -----------------------------------------------------------------------------------------
      oracle       ceiling  0.6123 ±0.0100  0.5000 ±0.0200     0.3000   <0.001          0     -

      Split: 20 % of the items are cold. Seed: 1. Cases: 1,200 (cold); 1,480 (warm); 9,000 (logloss).
      ± is half the 95 % bootstrap interval over cases; seconds are for fitting and answering.
      Higher is better; with ↓ lower is better.
      Made by the embedded model: says nothing about a large one.
      "
    `);
  });

  it("marks by escape codes only, where asked", async () => {
    const marked = await render("text", { ansi: true });
    expect(marked).toContain("\u001B[1m0.3100\u001B[22m ±0.0200");
    expect(marked).toContain("\u001B[4m0.2900\u001B[24m ±0.0200");
    const legend = "Best bold, second underlined; controls and the ceiling do not compete.\n";
    expect(marked.replaceAll(ESCAPE_CODES, "").replace(legend, "")).toBe(await render("text"));
  });

  it.each([100, 110, 120])("of 25 recommenders and six metrics stays within %i columns", async (width) => {
    const { scoreboard, cost } = realisticScoreboard(25);
    const text = await renderScoreboard(scoreboard, cost, "text", { width });
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(width);
    for (const { recommender } of scoreboard.rows) expect(text).toContain(`\n${recommender} `);
    expect(text.match(/^recommender .*$/gm)).toHaveLength(2);
  });

  it("shows the deviation between seeds where asked", async () => {
    const text = await render("text", { spread: "sd" });
    expect(text).toContain("0.3100 ±0.0030");
    expect(text).toContain("± is the standard deviation between seeds");
  });
});

it("wants escape codes on a terminal without NO_COLOR only", () => {
  expect(wantsAnsi({ isTTY: true }, {})).toBe(true);
  expect(wantsAnsi({ isTTY: true }, { NO_COLOR: "" })).toBe(true);
  expect(wantsAnsi({ isTTY: true }, { NO_COLOR: "1" })).toBe(false);
  expect(wantsAnsi({ isTTY: true }, { TERM: "dumb" })).toBe(false);
  expect(wantsAnsi({}, {})).toBe(false);
});

it("Markdown holds all columns, best bold", async () => {
  expect(await render("md")).toMatchInlineSnapshot(`
    "### Cold start on world\\_small

    | recommender | kind | recall@20/cold | recall@20/warm | logloss ↓ | bias | seconds | LLM calls | USD |
    | :-- | :-- | --: | --: | --: | --: | --: | --: | --: |
    | random | control | 0.0059 ±0.0100 | 0.0061 ±0.0200 | 0.6931 | 0.00 | 0.010 | 0 | - |
    | item\\_knn | classic | **0.3000** ±0.0100 | **0.3100** ±0.0200 | *0.4500* | -3.00 | 0.800 | 0 | - |
    | als | classic | **0.3000** ±0.0100 | *0.2900* ±0.0200 | **0.4000** | 22.25 | 5.50 | 0 | - |
    | coldllm | llm | *0.2500* ±0.0100 | - | 0.5000 | 4.00 | 1,234 | 4,000 | 0.01 |
    | oracle | ceiling | 0.6123 ±0.0100 | 0.5000 ±0.0200 | 0.3000 | 12.50 | \\<0.001 | 0 | - |

    - Best bold, second in italics; controls and the ceiling do not compete.
    - Split: 20 % of the items are cold. Seed: 1. Cases: 1,200 (cold); 1,480 (warm); 9,000 (logloss, bias).
    - ± is half the 95 % bootstrap interval over cases; seconds are for fitting and answering.
    - Higher is better; with ↓ lower is better.
    - Neither direction is better, so no best is marked: bias.
    - Made by the embedded model: says nothing about a large one.
    "
  `);
});

describe("LaTeX", () => {
  it("is a booktabs float", async () => {
    expect(await render("tex")).toMatchInlineSnapshot(`
      "% Needs \\usepackage{booktabs,graphicx}
      \\begin{table}[t]
      \\centering\\small\\setlength{\\tabcolsep}{4pt}\\setlength{\\belowcaptionskip}{6pt}
      \\caption{Cold start on world\\_small. Best bold, second underlined; controls and the ceiling do not compete.}
      \\label{tab:cold-start-world-small}
      \\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%
      \\begin{tabular}{@{}llrrrrrr@{}}
      \\toprule
       &  & \\multicolumn{2}{c}{recall@20} &  & \\multicolumn{3}{c}{cost} \\\\
      \\cmidrule(lr){3-4}\\cmidrule(lr){6-8}
      recommender & kind & cold & warm & logloss $\\downarrow$ & seconds & LLM calls & USD \\\\
      \\midrule
      random & control & 0.0059 {\\scriptsize$\\pm$0.0100} & 0.0061 {\\scriptsize$\\pm$0.0200} & 0.6931 & 0.010 & 0 & - \\\\
      \\midrule
      item\\_knn & classic & \\textbf{0.3000} {\\scriptsize$\\pm$0.0100} & \\textbf{0.3100} {\\scriptsize$\\pm$0.0200} & \\underline{0.4500} & 0.800 & 0 & - \\\\
      als & classic & \\textbf{0.3000} {\\scriptsize$\\pm$0.0100} & \\underline{0.2900} {\\scriptsize$\\pm$0.0200} & \\textbf{0.4000} & 5.50 & 0 & - \\\\
      \\midrule
      coldllm & llm & \\underline{0.2500} {\\scriptsize$\\pm$0.0100} & - & 0.5000 & 1,234 & 4,000 & 0.01 \\\\
      \\midrule
      oracle & ceiling & 0.6123 {\\scriptsize$\\pm$0.0100} & 0.5000 {\\scriptsize$\\pm$0.0200} & 0.3000 & \\textless{}0.001 & 0 & - \\\\
      \\bottomrule
      \\end{tabular}}
      \\par\\smallskip
      \\begin{minipage}{\\linewidth}\\footnotesize
      Split: 20 \\% of the items are cold. Seed: 1. Cases: 1,200 (cold); 1,480 (warm); 9,000 (logloss).\\par
      $\\pm$ is half the 95 \\% bootstrap interval over cases; seconds are for fitting and answering.\\par
      Higher is better; with $\\downarrow$ lower is better.\\par
      Made by the embedded model: says nothing about a large one.
      \\end{minipage}
      \\end{table}
      "
    `);
  });

  it("escapes what LaTeX would act on", () => {
    expect(escapeLatex("a_b & 5 % of $x #1 {~^\\} <|>")).toBe(
      "a\\_b \\& 5 \\% of \\$x \\#1 \\{\\textasciitilde{}\\textasciicircum{}\\textbackslash{}\\} \\textless{}\\textbar{}\\textgreater{}",
    );
  });
});

describe("CSV", () => {
  it("is wide, unrounded, empty where nothing is known", async () => {
    expect(await render("csv")).toMatchInlineSnapshot(`
      "task,dataset,split,seeds,recommender,kind,recall@20/cold:mean,recall@20/cold:sd,recall@20/cold:ci95_low,recall@20/cold:ci95_high,recall@20/cold:n,recall@20/warm:mean,recall@20/warm:sd,recall@20/warm:ci95_low,recall@20/warm:ci95_high,recall@20/warm:n,logloss:mean,logloss:sd,logloss:ci95_low,logloss:ci95_high,logloss:n,bias:mean,bias:sd,bias:ci95_low,bias:ci95_high,bias:n,cost:fitSeconds,cost:answerSeconds,cost:llmCalls,cost:promptTokens,cost:completionTokens,cost:usd
      cold-start,world_small,20 % of the items are cold,1,random,control,0.0059,,-0.0041,0.0159,1200,0.0061,0.003,-0.0139,0.0261,1480,0.6931,,,,9000,0,,,,9000,0,0.01,0,0,0,
      cold-start,world_small,20 % of the items are cold,1,item_knn,classic,0.30002,,0.29002,0.31002,1200,0.31,0.003,0.29,0.33,1480,0.45,,,,9000,-3,,,,9000,0.3,0.5,0,0,0,
      cold-start,world_small,20 % of the items are cold,1,als,classic,0.30000000000000004,,0.29000000000000004,0.31000000000000005,1200,0.29,0.003,0.26999999999999996,0.31,1480,0.4,,,,9000,22.25,,,,9000,5.2,0.3,0,0,0,
      cold-start,world_small,20 % of the items are cold,1,coldllm,llm,0.25,,0.24,0.26,1200,,,,,,0.5,,,,9000,4,,,,9000,1180,54,4000,320000,8000,0.0123
      cold-start,world_small,20 % of the items are cold,1,oracle,control,0.61234567890123,,0.60234567890123,0.62234567890123,1200,0.5,0.003,0.48,0.52,1480,0.3,,,,9000,12.5,,,,9000,0,0.0002,0,0,0,
      "
    `);
  });

  it("comes back from DuckDB with every digit", async () => {
    const board: Scoreboard = {
      ...smallScoreboard(),
      columns: [{ name: "m", better: "higher", main: true }],
      rows: ["with, comma", 'with "quotes"', "two\nlines"].map((recommender, at) => ({
        recommender,
        kind: "classic",
        metrics: { m: valueOf([0.1 + 0.2, 1 / 3, 5e-324][at], 1e-17, 7) },
      })),
    };
    const folder = await mkdtemp(join(tmpdir(), "csv-"));
    try {
      await writeFile(join(folder, "table.csv"), await renderScoreboard(board, {}, "csv"));
      const { DuckDBInstance } = await import("@duckdb/node-api");
      const connection = await (await DuckDBInstance.create()).connect();
      const result = await connection.runAndReadAll(
        `SELECT recommender, "m:mean", "m:n", "cost:usd" FROM read_csv('${join(folder, "table.csv")}')`,
      );
      expect(result.getRows()).toEqual([
        ["with, comma", 0.30000000000000004, 7n, null],
        ['with "quotes"', 0.3333333333333333, 7n, null],
        ["two\nlines", 5e-324, 7n, null],
      ]);
      connection.closeSync();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("JSON", () => {
  it("nests the same numbers, null where nothing is known", async () => {
    const parsed = JSON.parse(await render("json")) as {
      rows: { recommender: string; metrics: Record<string, unknown>; cost: unknown }[];
      notes: string[];
    };
    expect(parsed.rows.map(({ recommender }) => recommender)).toEqual([
      "random",
      "item_knn",
      "als",
      "coldllm",
      "oracle",
    ]);
    expect(parsed.rows[3]).toMatchInlineSnapshot(`
      {
        "cost": {
          "answerSeconds": 54,
          "completionTokens": 8000,
          "fitSeconds": 1180,
          "llmCalls": 4000,
          "promptTokens": 320000,
          "usd": 0.0123,
        },
        "kind": "llm",
        "metrics": {
          "bias": {
            "ci95": null,
            "mean": 4,
            "n": 9000,
            "sd": null,
          },
          "logloss": {
            "ci95": null,
            "mean": 0.5,
            "n": 9000,
            "sd": null,
          },
          "recall@20/cold": {
            "ci95": [
              0.24,
              0.26,
            ],
            "mean": 0.25,
            "n": 1200,
            "sd": null,
          },
          "recall@20/warm": null,
        },
        "recommender": "coldllm",
      }
    `);
    const als = smallScoreboard().rows.find(({ recommender }) => recommender === "als");
    expect(parsed.rows[2].metrics).toEqual(als?.metrics);
    expect(parsed.notes).toEqual(smallScoreboard().notes);
  });
});

describe("notes", () => {
  it("tell of a control that nothing beats and of a value that is no number", async () => {
    const board = smallScoreboard();
    const rows = board.rows.map((row) => {
      if (row.recommender === "random")
        return { ...row, metrics: { ...row.metrics, "recall@20/cold": valueOf(0.4) } };
      if (row.recommender === "als") return { ...row, metrics: { ...row.metrics, logloss: valueOf(NaN) } };
      return row;
    });
    const text = await renderScoreboard({ ...board, rows }, {}, "text");
    expect(text).toContain("No recommender beats the control random on recall@20/cold.");
    expect(text).toContain('logloss of als is not a number and is shown as "-".');
    expect(text.split("\n").find((line) => line.startsWith("als"))).toMatch(/0\.2900 ±0\.0200 +- +- +-$/);
  });
});

it("refuses a result without rows", async () => {
  await expect(renderScoreboard({ ...smallScoreboard(), rows: [] }, {}, "text")).rejects.toMatchObject({
    code: "NOTHING_MEASURED",
    exit: 3,
  });
});
