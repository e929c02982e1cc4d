import { execFile } from "node:child_process";
import { promisify } from "node:util";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/core/hash.js";
import { drawBars } from "../../src/report/charts/bars.js";
import { PNG_SCALE } from "../../src/report/charts/canvas.js";
import { type Chart, drawCharts, funnelOf, picturesOf } from "../../src/report/charts/charts.js";
import { paretoFront } from "../../src/report/charts/pareto.js";
import { overlap, placeLabels } from "../../src/report/charts/place-labels.js";
import { drawCostScatter } from "../../src/report/charts/scatter.js";
import { realisticScoreboard, smallCost, smallScoreboard } from "./fixtures.js";

/** Width, height and the share of pixels that are not white. */
async function pixelsOf(png: Buffer): Promise<{ width: number; height: number; ink: number }> {
  const { createCanvas, loadImage } = await import("@napi-rs/canvas");
  const { width, height } = await loadImage(png);
  const context = createCanvas(width, height).getContext("2d");
  context.drawImage(await loadImage(png), 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  let inked = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at] + data[at + 1] + data[at + 2] < 720) inked++;
  return { width, height, ink: inked / (width * height) };
}

/** The labels of an SVG in their order. */
function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map((match) => match[1]);
}

describe("the charts of a result", () => {
  let charts: Chart[];
  const { scoreboard, cost } = realisticScoreboard(25);
  beforeAll(async () => {
    charts = await drawCharts(scoreboard, cost);
  }, 60_000);

  it("are bars for each main metric and the first against cost", () => {
    expect(charts.map(({ name }) => name)).toEqual(["bars-recall-20", "bars-ndcg-20", "cost-recall-20-cold"]);
  });

  it("show a funnel of the rows that made pairs up, stage by stage", () => {
    expect(funnelOf(scoreboard)).toBeNull();
    const value = { mean: 3, sd: null, ci95: null, n: 1 };
    const [first, ...others] = scoreboard.rows;
    const made = { ...first.metrics, "simulated-pairs/pairs": value, "real-pair/pairs": value };
    const more = ["real-pair/pairs", "simulated-pairs/pairs"].map((name) => ({
      ...{ name, better: null, main: false },
    }));
    const funnel = funnelOf({
      ...scoreboard,
      columns: [...scoreboard.columns, ...more],
      rows: [{ ...first, metrics: made }, ...others],
    })!;
    expect(funnel.scoreboard.rows.map(({ recommender }) => recommender)).toEqual([first.recommender]);
    expect(funnel.columns.map(({ name }) => name)).toEqual(["simulated-pairs/pairs", "real-pair/pairs"]);
  });

  it("are PNG of the size on paper, neither blank nor black", async () => {
    const sizes = await Promise.all(charts.map(({ png }) => pixelsOf(png)));
    expect(sizes.map(({ width, height }) => [width / PNG_SCALE, height / PNG_SCALE])).toEqual([
      [760, 754],
      [760, 754],
      [760, 520],
    ]);
    for (const { ink } of sizes) {
      expect(ink).toBeGreaterThan(0.02);
      expect(ink).toBeLessThan(0.4);
    }
  });

  it("are SVG with every name, title and figure as text", () => {
    const names = scoreboard.rows.map(({ recommender }) => recommender);
    for (const { svg } of charts) expect(textsOf(svg)).toEqual(expect.arrayContaining(names));
    const bars = textsOf(charts[0].svg);
    expect(bars).toEqual(
      expect.arrayContaining(["Cold start on world: recall@20", "recall@20/cold", "language model"]),
    );
    const means = scoreboard.rows.map(({ metrics }) => metrics["recall@20/warm"].mean.toFixed(3));
    expect(bars).toEqual(expect.arrayContaining(means));
    expect(textsOf(charts[2].svg)).toEqual(
      expect.arrayContaining(["seconds to fit and answer (log scale)", "Pareto front (bold names)"]),
    );
  });

  it("have the same bytes when drawn again", async () => {
    const again = await drawCharts(scoreboard, cost);
    const hashes = (list: Chart[]) => list.flatMap(({ png, svg }) => [sha256(png), sha256(svg)]);
    expect(hashes(again)).toEqual(hashes(charts));
  });
});

it("another process draws the same bytes", async () => {
  const script = `
    import { createHash } from "node:crypto";
    import { drawBars } from "./src/report/charts/bars.ts";
    import { smallScoreboard } from "./test/report/fixtures.ts";
    const { png, svg } = await drawBars(smallScoreboard(), smallScoreboard().columns);
    console.log(createHash("sha256").update(png).update(svg).digest("hex"));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--import",
    "tsx",
    "--input-type=module",
    "-e",
    script,
  ]);
  const { png, svg } = await drawBars(smallScoreboard(), smallScoreboard().columns);
  expect(stdout.trim()).toBe(sha256(Buffer.concat([png, Buffer.from(svg)])));
});

describe("bars", () => {
  it("say where a value is missing", async () => {
    const { svg } = await drawBars(smallScoreboard(), smallScoreboard().columns);
    expect(textsOf(svg).filter((text) => text === "- (no value)")).toHaveLength(1);
  });

  it("escape names", async () => {
    const board = smallScoreboard();
    const { svg } = await drawBars({ ...board, dataset: "<a & b>" }, board.columns.slice(0, 1));
    expect(textsOf(svg)).toContain("Cold start on &lt;a &amp; b&gt;: recall@20");
  });

  it("draw a metric that is zero everywhere", async () => {
    const board = smallScoreboard();
    const rows = board.rows.map((row) => ({
      ...row,
      metrics: { logloss: { mean: 0, sd: null, ci95: [0, 0] as const, n: 3 } },
    }));
    const { svg } = await drawBars({ ...board, rows }, [board.columns[2]]);
    expect(textsOf(svg).filter((text) => text === "0.000")).toHaveLength(5);
  });
});

describe("quality against cost", () => {
  it("names a row without a cost instead of drawing it, and draws nothing without any", async () => {
    const { als, coldllm } = smallCost();
    const column = smallScoreboard().columns[0];
    const picture = await drawCostScatter(smallScoreboard(), { als, coldllm }, column);
    const texts = textsOf(picture?.svg ?? "");
    expect(texts).toContain("als");
    expect(texts).not.toContain("random");
    expect(texts.join(" ")).toContain("without a known cost: random, item_knn, oracle");
    expect(await drawCostScatter(smallScoreboard(), {}, column)).toBeNull();
  });
});

it("refuses to draw nothing", async () => {
  await expect(drawCharts({ ...smallScoreboard(), rows: [] }, {})).rejects.toMatchObject({
    code: "NOTHING_MEASURED",
  });
});

it("metrics without settings share pictures of four panels", () => {
  const columns = ["auc", "gauc", "logloss", "brier", "ece", "recall@20/cold"].map((name) => ({
    name,
    better: "higher" as const,
    main: true,
  }));
  expect(picturesOf(columns).map(({ name, columns: own }) => [name, own.length])).toEqual([
    ["bars-metrics-1", 4],
    ["bars-metrics-2", 1],
    ["bars-recall-20", 1],
  ]);
});

describe("paretoFront", () => {
  it("keeps what nothing cheaper equals, in both directions", () => {
    const points = [
      { cost: 1, value: 0.2 },
      { cost: 2, value: 0.2 },
      { cost: 3, value: 0.5 },
      { cost: 4, value: 0.1 },
    ];
    expect(paretoFront(points, "higher")).toEqual([points[0], points[2]]);
    expect(paretoFront(points, "lower")).toEqual([points[0], points[3]]);
    expect(paretoFront(points, null)).toEqual([]);
    expect(paretoFront([points[0], { ...points[0] }], "higher")).toHaveLength(2);
  });

  it("is what no point beats: a brute-force check", () => {
    const point = fc.record({ cost: fc.integer({ min: 0, max: 9 }), value: fc.integer({ min: 0, max: 9 }) });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 12 }), (points) => {
        const front = paretoFront(points, "higher");
        for (const each of points) {
          const beaten = points.some(
            (other) =>
              (other.cost < each.cost && other.value >= each.value) ||
              (other.cost <= each.cost && other.value > each.value),
          );
          expect(front.includes(each)).toBe(!beaten);
        }
      }),
    );
  });
});

describe("placeLabels", () => {
  const area = { x: 0, y: 0, width: 700, height: 400 };

  it("lets no label cover another or leave the area, with 25 points", () => {
    const spot = fc.record({ x: fc.integer({ min: 20, max: 680 }), y: fc.integer({ min: 20, max: 380 }) });
    fc.assert(
      fc.property(fc.array(spot, { minLength: 25, maxLength: 25 }), (spots) => {
        const boxes = placeLabels(
          spots.map((each, at) => ({ ...each, width: 40 + ((at * 7) % 50), height: 12 })),
          area,
        );
        boxes.forEach((box, at) => {
          expect(overlap(box, area)).toBeCloseTo(box.width * box.height, 6);
          for (const other of boxes.slice(at + 1)) expect(overlap(box, other)).toBe(0);
        });
      }),
      { numRuns: 30, seed: 7 },
    );
  });

  it("prefers the right side, and leaves a line free", () => {
    const task = { x: 100, y: 100, width: 40, height: 12 };
    expect(placeLabels([task], area)[0]).toEqual({ x: 110, y: 94, width: 40, height: 12 });
    const line = { x: 100, y: 98, width: 600, height: 3 };
    expect(overlap(placeLabels([task], area, [line])[0], line)).toBe(0);
  });
});
