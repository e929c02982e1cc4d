import { describe, expect, it } from "vitest";
import type { ScoreComparison, Scoreboard } from "../../src/experiment/scoreboard.js";
import { renderScoreboard } from "../../src/report/render.js";
import { significanceNotes, signOf } from "../../src/report/significance.js";
import { smallCost, smallScoreboard } from "./fixtures.js";

const comparison = (
  recommender: string,
  to: string,
  verdict: ScoreComparison["verdict"],
  more: Partial<ScoreComparison> = {},
): ScoreComparison => ({
  recommender,
  to,
  metric: "recall@20/cold",
  n: 1200,
  difference: 0.01,
  ci95: [0.001, 0.02],
  effectSize: 0.2,
  test: "t",
  p: { t: 0.01, wilcoxon: 0.02, bootstrap: 0.03 },
  adjusted: 0.0375,
  verdict,
  detectable: 0.005,
  ...more,
});

const tested = (...results: ScoreComparison[]): Scoreboard => ({
  ...smallScoreboard(),
  seeds: [1, 2, 3],
  comparisons: { alpha: 0.05, results },
});

describe("significance marks", () => {
  const one = tested(comparison("als", "item_knn", "better"), comparison("coldllm", "item_knn", "worse"));

  it("stand in every format", async () => {
    const table = (format: Parameters<typeof renderScoreboard>[2]) =>
      renderScoreboard(one, smallCost(), format);
    expect(await table("text")).toMatch(/als +classic +0\.3000\* ±0\.0100/);
    expect(await table("text")).toMatch(/coldllm +llm +0\.2500† ±0\.0100/);
    expect(await table("md")).toContain(String.raw`**0.3000**\* ±0.0100`);
    expect(await table("tex")).toContain(String.raw`\textbf{0.3000}\textsuperscript{*}`);
    expect(await table("tex")).toContain(String.raw`\underline{0.2500}\textsuperscript{$\dagger$}`);
    const [head, ...lines] = (await table("csv"))
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    const als = lines.find((line) => line.includes("als")) ?? [];
    const field = (name: string) => als[head.indexOf(name)];
    expect(field("recall@20/cold:sign")).toBe("*");
    expect(field("recall@20/cold:vs:item_knn:difference")).toBe("0.01");
    expect(field("recall@20/cold:vs:item_knn:p")).toBe("0.0375");
    expect(head).not.toContain("logloss:sign");
    const json = JSON.parse(await table("json")) as Scoreboard;
    expect(json.comparisons).toEqual(one.comparisons);
  });

  it("have letters where there are several references", () => {
    const several = tested(
      comparison("coldllm", "item_knn", "better"),
      comparison("coldllm", "als", "worse"),
      comparison("coldllm", "random", "better"),
      comparison("als", "item_knn", null),
    );
    expect(signOf(several, "coldllm", "recall@20/cold")).toBe("*ac†b");
    expect(signOf(several, "als", "recall@20/cold")).toBe("");
    expect(significanceNotes(several)[0]).toContain("a item_knn, b als, c random");
  });

  it("come with what was tested and a warning where the cases are too few", () => {
    expect(significanceNotes(smallScoreboard())).toEqual([]);
    expect(significanceNotes(one)).toEqual([
      "* significantly better, † worse than item_knn (paired t test; Holm over 2 comparisons declared before the run, " +
        "α = 0.05). No mark means not shown, not equal.",
    ]);
    const few = tested(comparison("als", "item_knn", null, { n: 12, detectable: 0.04 }));
    expect(significanceNotes({ ...few, seeds: [1] }).slice(1)).toEqual([
      "Too few cases for the tests: 12 independent pairs; below 30 neither a mark nor its absence says much.",
      "Of 1 comparisons without a mark, 1 had too few cases for a difference of the size seen (80 % power).",
      "One seed: the tests say nothing about luck in training. Use --seeds 1,2,3 or more.",
    ]);
  });
});
