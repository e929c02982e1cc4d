import type { ChartConfiguration, Plugin } from "chart.js";
import type { CostSheet, MetricColumn, Scoreboard } from "../../experiment/scoreboard.js";
import { taskTitle } from "../view.js";
import { drawChart, type Picture } from "./canvas.js";
import { paretoFront } from "./pareto.js";
import {
  contextOf,
  directionOf,
  kindsOf,
  legend,
  LEGEND_HEIGHT,
  type LegendEntry,
  marker,
  type Point,
  pointsOf,
  sourceOf,
  titleOptions,
  whisker,
} from "./parts.js";
import { boxesOf, drawFront, drawLabels, FRONT_ENTRY, staircase } from "./front.js";
import { FRAME, INK, KIND_STYLES, SIZES } from "./style.js";

/** Costs below a millisecond are drawn there: a logarithm needs a floor. */
const LEAST_SECONDS = 0.001;

interface Weighed extends Point {
  readonly cost: number;
  readonly value: number;
}

/**
 * Quality against seconds (fitting and answering, logarithmic), a point a recommender, with 95 % intervals and the Pareto
 * front: the recommenders that no cheaper one equals. Controls and the ceiling are drawn, but do not make the front. A row
 * without a cost can't be drawn and is named in the subtitle.
 * @returns null where no row has both a value and a cost.
 */
export async function drawCostScatter(
  scoreboard: Scoreboard,
  cost: CostSheet,
  column: MetricColumn,
): Promise<Picture | null> {
  const all = pointsOf(scoreboard, column);
  const points = all.flatMap((point): Weighed[] => {
    if (!Object.hasOwn(cost, point.name)) return [];
    const { fitSeconds, answerSeconds } = cost[point.name];
    const seconds = Math.max(LEAST_SECONDS, fitSeconds + answerSeconds);
    return [{ ...point, cost: seconds, value: point.mean }];
  });
  const undrawn = all.filter(({ name }) => !Object.hasOwn(cost, name)).map(({ name }) => name);
  if (points.length === 0) return null;
  return drawChart(FRAME, () => configuration(scoreboard, column, points, undrawn));
}

function configuration(
  scoreboard: Scoreboard,
  column: MetricColumn,
  points: readonly Weighed[],
  undrawn: readonly string[],
): ChartConfiguration {
  const competing = points.filter(({ style }) => style === KIND_STYLES.classic || style === KIND_STYLES.llm);
  const front = paretoFront(competing, column.better);
  const direction = directionOf(column);
  const subtitle =
    `whiskers: 95 % interval over cases; ${sourceOf(scoreboard)}` +
    (undrawn.length > 0 ? `; without a known cost: ${undrawn.join(", ")}` : "");
  return {
    type: "scatter",
    data: { datasets: [{ data: points.map(({ cost, value }) => ({ x: cost, y: value })), pointRadius: 0 }] },
    options: {
      font: { size: SIZES.tick },
      layout: { padding: { left: 8, right: 14, top: 4, bottom: LEGEND_HEIGHT } },
      plugins: {
        legend: { display: false },
        title: titleOptions(
          `${taskTitle(scoreboard.task)} on ${scoreboard.dataset}: ${column.name} against cost`,
          "title",
          FRAME.width,
        ),
        subtitle: titleOptions(subtitle, "subtitle", FRAME.width),
      },
      scales: {
        x: secondsAxis(points),
        y: qualityAxis(direction === "" ? column.name : `${column.name} (${direction})`, points),
      },
    },
    plugins: [drawing(points, front), legend(legendEntries(scoreboard, front.length > 0))],
  };
}

function secondsAxis(points: readonly Weighed[]) {
  const logs = points.map(({ cost }) => Math.log10(cost));
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const decades = Math.max(1, high - low);
  // More room on the right, where the names stand.
  const [min, max] = [10 ** (low - 0.1 * decades), 10 ** (high + 0.15 * decades)];
  return {
    type: "logarithmic",
    min,
    max,
    title: {
      display: true,
      text: "seconds to fit and answer (log scale)",
      color: INK.text,
      font: { size: SIZES.label },
    },
    grid: { color: INK.grid, drawTicks: false },
    border: { color: INK.soft },
    ticks: {
      color: INK.soft,
      padding: 6,
      autoSkip: false,
      maxRotation: 0,
      callback: (value: string | number) => roundSeconds(Number(value)),
    },
    // Chart.js' own minor lines crowd the paper.
    afterBuildTicks: (axis: { ticks: { value: number }[] }) => {
      axis.ticks = logTicks(min, max).map((value) => ({ value }));
    },
  } as const;
}

/** Powers of ten within the bounds; with 2 and 5 between them where there are fewer than three. */
function logTicks(min: number, max: number): number[] {
  const from = Math.floor(Math.log10(min));
  const powers = Array.from({ length: Math.ceil(Math.log10(max)) - from + 1 }, (_empty, at) => from + at);
  const ticks = (factors: readonly number[]): number[] =>
    powers
      .flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
      .filter((value) => value >= min && value <= max);
  const coarse = ticks([1]);
  return coarse.length >= 3 ? coarse : ticks([1, 2, 5]);
}

/** 0.001 to 1,000 in figures, with commas. */
function roundSeconds(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 1 });
}

function qualityAxis(text: string, points: readonly Weighed[]) {
  const ends = points.flatMap(({ value, ci95 }) => [value, ...(ci95 ?? [])]);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const room = (high - low) * 0.08 || 0.1;
  return {
    type: "linear",
    min: low >= 0 && low - room < 0 ? 0 : low - room,
    max: high + room,
    title: { display: true, text, color: INK.text, font: { size: SIZES.label } },
    grid: { color: INK.grid, drawTicks: false },
    border: { color: INK.soft },
    ticks: { color: INK.soft, padding: 6, includeBounds: false, maxTicksLimit: 8 },
  } as const;
}

/** Front, whiskers, marks and labels, in this order; the chart's own points only carry the axes. */
function drawing(points: readonly Weighed[], front: readonly Weighed[]): Plugin {
  return {
    id: "tradeoffs",
    afterDatasetsDraw: (chart) => {
      const context = contextOf(chart);
      const at = (point: Weighed, value = point.value) => ({
        x: chart.scales.x.getPixelForValue(point.cost),
        y: chart.scales.y.getPixelForValue(value),
      });
      context.save();
      const path = staircase(
        front.map((point) => at(point)),
        chart.chartArea.right,
      );
      drawFront(chart, path);
      context.strokeStyle = INK.soft;
      context.lineWidth = 1;
      for (const point of points) {
        if (point.ci95 === null) continue;
        const [low, high] = point.ci95.map((value) => at(point, value));
        whisker(context, { x: low.x, y: Math.min(low.y, chart.chartArea.bottom) }, high, 2.5);
      }
      for (const point of points) marker(context, at(point), point.style, 5);
      drawLabels(
        chart,
        points.map((point) => ({
          ...at(point),
          name: point.name,
          strong: front.includes(point),
          whisker: (point.ci95 ?? [point.value, point.value]).map((value) => at(point, value).y),
        })),
        boxesOf(path),
      );
      context.restore();
    },
  };
}

function legendEntries(scoreboard: Scoreboard, hasFront: boolean): LegendEntry[] {
  const kinds = kindsOf(scoreboard).map((style): LegendEntry => ({
    label: style.label,
    draw: (context, x, y) => {
      marker(context, { x: x + 9, y: y + 5 }, style, 5);
    },
  }));
  return hasFront ? [...kinds, FRONT_ENTRY] : kinds;
}
