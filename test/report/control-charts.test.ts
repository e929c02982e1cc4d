import { describe, expect, it } from "vitest";
import type { Scoreboard, ScoreRow } from "../../src/experiment/scoreboard.js";
import { metricColumn } from "../../src/metrics/registry.js";
import { drawCharts } from "../../src/report/charts/charts.js";
import { drawControlCurve, drawDiversityPlane } from "../../src/report/charts/control.js";

const NUMBERS = [2, 5, 10] as const;

function row(
  recommender: string,
  kind: ScoreRow["kind"],
  cov: readonly number[],
  ndcg: readonly number[],
): ScoreRow {
  const value = (mean: number) => ({ mean, sd: null, ci95: null, n: 10 });
  return {
    ...{ recommender, kind },
    metrics: Object.fromEntries(
      NUMBERS.flatMap((n, at) => [
        [`cov@10/n=${n}`, value(cov[at])],
        [`ndcg@10/n=${n}`, value(ndcg[at])],
      ]),
    ),
  };
}

function scoreboardOf(rows: readonly ScoreRow[], numbers: readonly number[] = NUMBERS): Scoreboard {
  const names = ["ndcg@10", ...numbers.flatMap((n) => [`cov@10/n=${n}`, `ndcg@10/n=${n}`])];
  return {
    ...{ schemaVersion: 1, task: "controlled-list", dataset: "world", dataHash: "", splitHash: "" },
    ...{ split: "windows", seeds: [1], notes: [], rows },
    columns: names.map((name) => metricColumn(name, name === "ndcg@10/n=2")),
  };
}

const rows = [
  row("random", "control", [8, 8, 8], [0.01, 0.01, 0.01]),
  row("exact", "classic", [2, 5, 10], [0.1, 0.12, 0.08]),
  row("writer", "llm", [2.4, 4.1, 7.5], [0.09, 0.13, 0.11]),
];

const textsOf = (svg: string) => [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map((match) => match[1]);

describe("charts of control", { timeout: 60_000 }, () => {
  it("are drawn for the task, beside the others", async () => {
    const charts = await drawCharts(scoreboardOf(rows), {});
    expect(charts.map(({ name }) => name)).toEqual(["bars-ndcg-10", "control-curve", "diversity-plane"]);
    const [, curve, plane] = charts.map(({ svg }) => textsOf(svg));
    for (const texts of [curve, plane]) {
      expect(texts).toEqual(expect.arrayContaining(["random", "exact", "writer", "language model"]));
    }
    expect(curve).toEqual(expect.arrayContaining(["genres asked for", "genres delivered"]));
    expect(plane).toEqual(
      expect.arrayContaining(["ndcg@10 (higher is better)", "Pareto front (bold names)"]),
    );
  });

  it("have the same bytes when drawn again, and others for other figures", async () => {
    const [first, again] = [
      await drawControlCurve(scoreboardOf(rows)),
      await drawControlCurve(scoreboardOf(rows)),
    ];
    expect(again!.svg).toBe(first!.svg);
    const other = await drawControlCurve(
      scoreboardOf([...rows.slice(0, 2), row("writer", "llm", [2, 5, 10], [0.09, 0.13, 0.11])]),
    );
    expect(other!.svg).not.toBe(first!.svg);
  });

  it("draw the front from competitors alone, and only where there is one", async () => {
    const plane = await drawDiversityPlane(scoreboardOf(rows.slice(0, 1)));
    expect(textsOf(plane!.svg)).not.toContain("Pareto front (bold names)");
  });

  it("are left out where nothing was asked for, and the curve where there is one number only", async () => {
    expect(await drawDiversityPlane(scoreboardOf(rows, []))).toBeNull();
    expect(await drawControlCurve(scoreboardOf(rows, []))).toBeNull();
    expect(await drawControlCurve(scoreboardOf(rows, [5]))).toBeNull();
    expect(await drawDiversityPlane(scoreboardOf(rows, [5]))).not.toBeNull();
  });
});
