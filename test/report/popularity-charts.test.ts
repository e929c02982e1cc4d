import { describe, expect, it } from "vitest";
import type { Scoreboard, ScoreRow } from "../../src/experiment/scoreboard.js";
import { metricColumn } from "../../src/metrics/registry.js";
import { drawCharts } from "../../src/report/charts/charts.js";
import { spreadOut } from "../../src/report/charts/lines.js";
import { drawPopularityGroups } from "../../src/report/charts/popularity-groups.js";

const GROUPS = ["cold", "decile-2", "decile-10"];
const value = (mean: number, n = 10) => ({ mean, sd: null, ci95: null, n });

/** @param cases - targets of each group; a group without any has no recall. */
function row(
  recommender: string,
  kind: ScoreRow["kind"],
  shares: readonly number[],
  cases = [5, 0, 15],
): ScoreRow {
  return {
    ...{ recommender, kind },
    metrics: {
      "recall@10/new": value(0.1, 20),
      ...Object.fromEntries(
        GROUPS.flatMap((group, at) => [
          [`popularity-share@10/${group}`, value(shares[at])],
          ...(cases[at] === 0 ? [] : [[`recall@10/${group}`, value(0.1, cases[at])]]),
        ]) as [string, ReturnType<typeof value>][],
      ),
    },
  };
}

function scoreboardOf(rows: readonly ScoreRow[]): Scoreboard {
  const names = new Set(rows.flatMap(({ metrics }) => Object.keys(metrics)));
  return {
    ...{ schemaVersion: 1, task: "conversation", dataset: "world", dataHash: "", splitHash: "" },
    ...{ split: "dialogue-time", seeds: [1], notes: [], rows },
    columns: [...names].reverse().map((name) => metricColumn(name, name === "recall@10/new")),
  };
}

const rows = [
  row("popularity", "control", [0, 0, 1]),
  row("rta-reindex", "llm", [0.6, 0.3, 0.1]),
  row("rta-bias", "llm", [0.1, 0.2, 0.7]),
];

const textsOf = (svg: string) => [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map((match) => match[1]);

/** The name's place from the top. */
function heightOf(svg: string, name: string): number {
  const match = new RegExp(`<text [^>]*\\by="([\\d.]+)"[^>]*>${name}</text>`).exec(svg);
  if (match === null) throw new Error(`no ${name}`);
  return Number(match[1]);
}

describe("the chart of popularity groups", { timeout: 60_000 }, () => {
  it("is drawn for the task, with a line for each recommender and one for the targets, in the order of groups", async () => {
    const charts = await drawCharts(scoreboardOf(rows), {});
    expect(charts.map(({ name }) => name)).toEqual(["bars-recall-10", "popularity-groups"]);
    const { svg, png } = charts[1];
    expect(png.length).toBeGreaterThan(1000);
    const texts = textsOf(svg);
    expect(texts).toEqual(expect.arrayContaining(["popularity", "rta-reindex", "rta-bias", "true targets"]));
    expect(texts.filter((text) => /^(never|\d+)$/.test(text))).toEqual(["never", "2", "10"]);
  });

  it("places the targets by the cases of each group: 15 of 20 lie between 70 % and all", async () => {
    const { svg } = (await drawPopularityGroups(scoreboardOf(rows)))!;
    const heights = ["popularity", "true targets", "rta-bias", "rta-reindex"].map((name) =>
      heightOf(svg, name),
    );
    expect(heights).toEqual([...heights].sort((a, b) => a - b));
    const other = rows.map((one) => ({
      ...one,
      metrics: { ...one.metrics, "recall@10/cold": value(0.1, 60) },
    }));
    const moved = (await drawPopularityGroups(scoreboardOf(other)))!.svg;
    expect(heightOf(moved, "true targets")).toBeGreaterThan(heightOf(moved, "rta-bias"));
    expect((await drawPopularityGroups(scoreboardOf(rows)))!.svg).toBe(svg);
  });

  it("has no line of targets without their cases, and is left out without shares", async () => {
    const untold = rows.map(({ metrics, ...rest }) => ({
      ...rest,
      metrics: Object.fromEntries(Object.entries(metrics).filter(([name]) => !name.startsWith("recall@10/"))),
    }));
    expect(textsOf((await drawPopularityGroups(scoreboardOf(untold)))!.svg)).not.toContain("true targets");
    const bare = rows.map((one) => ({ ...one, metrics: { "recall@10/new": value(0.1) } }));
    expect(await drawPopularityGroups(scoreboardOf(bare))).toBeNull();
  });
});

describe("places of names", () => {
  it("stay where there is room, move apart where there is none, and never leave the chart", () => {
    expect(spreadOut([10, 50, 90], 0, 100)).toEqual([10, 50, 90]);
    expect(spreadOut([10, 11, 50], 0, 100)).toEqual([10, 24, 50]);
    expect(spreadOut([98, 99, 100], 0, 100)).toEqual([72, 86, 100]);
    expect(spreadOut([5, 5, 5, 5, 5], 0, 20)).toEqual([0, 5, 10, 15, 20]);
    expect(spreadOut([], 0, 20)).toEqual([]);
  });
});
