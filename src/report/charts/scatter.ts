import type { Chart, ChartConfiguration, Plugin } from "chart.js";
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
import { type Box, LEADER_FROM, nearestOf, placeLabels } from "./place-labels.js";
import { INK, KIND_STYLES, SIZES } from "./style.js";

const FRAME = { width: 760, height: 520 };
/** Costs below a millisecond are drawn there: a logarithm needs a floor. */
const LEAST_SECONDS = 0.001;
const FRONT = { colour: "#8a3a6b", dash: [6, 4] };

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

interface Spot {
  readonly x: number;
  readonly y: number;
}

/** The staircase of the front: from each point level to the next point's cost, then to its value, at last to the edge. */
function staircase(corners: readonly Spot[], right: number): Spot[] {
  if (corners.length === 0) return [];
  const steps = corners.slice(1).flatMap((corner, before) => [{ x: corner.x, y: corners[before].y }, corner]);
  return [corners[0], ...steps, { x: right, y: corners[corners.length - 1].y }];
}

function drawFront(chart: Chart, path: readonly Spot[]): void {
  const context = contextOf(chart);
  context.save();
  context.strokeStyle = FRONT.colour;
  context.lineWidth = 1.6;
  context.setLineDash(FRONT.dash);
  context.beginPath();
  path.forEach(({ x, y }, at) => {
    if (at === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
  context.stroke();
  context.restore();
}

/** Each piece of the staircase as a thin box that labels keep clear of. */
function boxesOf(path: readonly Spot[]): Box[] {
  return path.slice(1).map((to, at) => {
    const from = path[at];
    return {
      x: Math.min(from.x, to.x) - 1.5,
      y: Math.min(from.y, to.y) - 1.5,
      width: Math.abs(to.x - from.x) + 3,
      height: Math.abs(to.y - from.y) + 3,
    };
  });
}

interface Label extends Spot {
  readonly name: string;
  readonly strong: boolean;
  readonly whisker: readonly number[];
}

function drawLabels(chart: Chart, labels: readonly Label[], front: readonly Box[]): void {
  const context = contextOf(chart);
  const family = String(chart.options.font?.family);
  const fontOf = ({ strong }: Label): string => `${strong ? "600 " : ""}${SIZES.label - 0.5}px ${family}`;
  const tasks = labels.map((label) => {
    context.font = fontOf(label);
    return { x: label.x, y: label.y, width: context.measureText(label.name).width, height: SIZES.label };
  });
  const { left, top, width, height } = chart.chartArea;
  const whiskers = labels.map(({ x, whisker: [from, to] }) => ({
    x: x - 2,
    y: Math.min(from, to),
    width: 4,
    height: Math.abs(to - from),
  }));
  const boxes = placeLabels(tasks, { x: left + 2, y: top, width: width - 4, height }, front, whiskers);
  context.textBaseline = "middle";
  context.textAlign = "left";
  labels.forEach((label, at) => {
    leader(chart, label, boxes[at]);
    context.font = fontOf(label);
    context.fillStyle = INK.text;
    context.fillText(label.name, boxes[at].x, boxes[at].y + boxes[at].height / 2);
  });
}

/** A thin line from a label that stands far off to its point. */
function leader(chart: Chart, { x, y }: Label, box: Box): void {
  const near = nearestOf({ x, y }, box);
  const length = Math.hypot(near.x - x, near.y - y);
  if (length < LEADER_FROM) return;
  const along = (distance: number): [number, number] => [
    x + ((near.x - x) * distance) / length,
    y + ((near.y - y) * distance) / length,
  ];
  const context = contextOf(chart);
  context.strokeStyle = INK.soft;
  context.lineWidth = 0.7;
  context.beginPath();
  context.moveTo(...along(7));
  context.lineTo(...along(length - 2));
  context.stroke();
}

function legendEntries(scoreboard: Scoreboard, hasFront: boolean): LegendEntry[] {
  const kinds = kindsOf(scoreboard).map((style): LegendEntry => ({
    label: style.label,
    draw: (context, x, y) => {
      marker(context, { x: x + 9, y: y + 5 }, style, 5);
    },
  }));
  const front: LegendEntry = {
    label: "Pareto front (bold names)",
    draw: (context, x, y) => {
      context.save();
      context.strokeStyle = FRONT.colour;
      context.lineWidth = 1.6;
      context.setLineDash(FRONT.dash);
      context.beginPath();
      context.moveTo(x, y + 5);
      context.lineTo(x + 16, y + 5);
      context.stroke();
      context.restore();
    },
  };
  return hasFront ? [...kinds, front] : kinds;
}
