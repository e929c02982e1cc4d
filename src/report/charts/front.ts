import type { Chart } from "chart.js";
import { contextOf, type LegendEntry } from "./parts.js";
import { type Box, LEADER_FROM, nearestOf, placeLabels } from "./place-labels.js";
import { INK, SIZES } from "./style.js";

const FRONT = { colour: "#8a3a6b", dash: [6, 4] };

/** A point of the picture, in pixels. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** The staircase of the front: from each point level to the next point's cost, then to its value, at last to the edge. */
export function staircase(corners: readonly Spot[], right: number): Spot[] {
  if (corners.length === 0) return [];
  const steps = corners.slice(1).flatMap((corner, before) => [{ x: corner.x, y: corners[before].y }, corner]);
  return [corners[0], ...steps, { x: right, y: corners[corners.length - 1].y }];
}

/** Draws a front as a dashed line. */
export function drawFront(chart: Chart, path: readonly Spot[]): void {
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

/** Each piece of a front as a thin box that labels keep clear of. */
export function boxesOf(path: readonly Spot[]): Box[] {
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

/** A name beside its point. */
export interface Label extends Spot {
  readonly name: string;
  readonly strong: boolean;
  readonly whisker: readonly number[];
}

/** Writes names beside points, clear of the front and, where there is room, of whiskers. */
export function drawLabels(chart: Chart, labels: readonly Label[], front: readonly Box[]): void {
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

/** What the legend shows for a front. */
export const FRONT_ENTRY: LegendEntry = {
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
