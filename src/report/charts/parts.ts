import type { SKRSContext2D } from "@napi-rs/canvas";
import type { Chart, Plugin } from "chart.js";
import type { MetricColumn, Scoreboard } from "../../experiment/scoreboard.js";
import { ladder } from "../frame.js";
import { INK, KIND_STYLES, type KindStyle, SIZES, styleOf } from "./style.js";

/** A row of a chart: a recommender's figure, its interval where there is one, and how its kind is drawn. */
export interface Point {
  readonly name: string;
  readonly mean: number;
  readonly ci95: readonly [number, number] | null;
  readonly style: KindStyle;
}

/** The rows of the table that have the metric, in the table's order. */
export function pointsOf({ rows }: Scoreboard, { name }: MetricColumn): Point[] {
  return ladder(rows).flatMap((row) => {
    const value = Object.hasOwn(row.metrics, name) ? row.metrics[name] : undefined;
    if (value === undefined || !Number.isFinite(value.mean)) return [];
    return [{ name: row.recommender, mean: value.mean, ci95: value.ci95, style: styleOf(row) }];
  });
}

/** The kinds that the rows have, from the floor to the ceiling. */
export function kindsOf({ rows }: Scoreboard): KindStyle[] {
  const present = new Set(rows.map(styleOf));
  return [KIND_STYLES.control, KIND_STYLES.classic, KIND_STYLES.llm, KIND_STYLES.ceiling].filter((style) =>
    present.has(style),
  );
}

/** The context of a chart, as the canvas that draws it has it. */
export function contextOf(chart: Chart): SKRSContext2D {
  const context: unknown = chart.ctx;
  return context as SKRSContext2D;
}

/** Draws a whisker between two points with short ends across it. */
export function whisker(
  context: SKRSContext2D,
  from: { x: number; y: number },
  to: { x: number; y: number },
  half = 3,
): void {
  const level = from.y === to.y;
  const [dx, dy] = level ? [0, half] : [half, 0];
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  for (const end of [from, to]) {
    context.moveTo(end.x - dx, end.y - dy);
    context.lineTo(end.x + dx, end.y + dy);
  }
  context.stroke();
}

/** Fills a rectangle with diagonal lines. */
export function hatch(
  context: SKRSContext2D,
  box: { x: number; y: number; width: number; height: number },
  colour: string,
): void {
  const { x, y, width, height } = box;
  context.save();
  context.strokeStyle = colour;
  context.lineWidth = 0.9;
  context.beginPath();
  // Each line x + y = c is cut to the rectangle by hand: an SVG needs no clip for it.
  for (let c = 5; c < width + height; c += 5) {
    const [x0, x1] = [Math.max(0, c - height), Math.min(width, c)];
    context.moveTo(x + x0, y + (c - x0));
    context.lineTo(x + x1, y + (c - x1));
  }
  context.stroke();
  context.restore();
}

/** Draws a data point's shape, filled, with an outline. */
export function marker(
  context: SKRSContext2D,
  { x, y }: { x: number; y: number },
  style: KindStyle,
  radius: number,
): void {
  context.beginPath();
  if (style.point === "circle") context.arc(x, y, radius, 0, 2 * Math.PI);
  else {
    const r = radius * (style.point === "rect" ? 0.9 : 1.25);
    const corners = {
      rect: [
        [-r, -r],
        [r, -r],
        [r, r],
        [-r, r],
      ],
      rectRot: [
        [0, -r],
        [r, 0],
        [0, r],
        [-r, 0],
      ],
      triangle: [
        [0, -r],
        [r, r * 0.75],
        [-r, r * 0.75],
      ],
    }[style.point];
    corners.forEach(([dx, dy], at) => {
      if (at === 0) context.moveTo(x + dx, y + dy);
      else context.lineTo(x + dx, y + dy);
    });
    context.closePath();
  }
  context.fillStyle = style.fill;
  context.fill();
  context.strokeStyle = style.edge;
  context.lineWidth = 1.2;
  context.stroke();
}

/** What the legend draws before a label, in a box of 14 by 10. */
export interface LegendEntry {
  readonly label: string;
  draw(context: SKRSContext2D, x: number, y: number): void;
}

/** Height that a legend needs below the chart. */
export const LEGEND_HEIGHT = 26;

/** A legend in the middle of the bottom margin; Chart.js' own can neither hatch nor show our shapes. */
export function legend(entries: readonly LegendEntry[]): Plugin {
  return {
    id: "kinds",
    afterDraw: (chart) => {
      const context = contextOf(chart);
      context.save();
      context.font = `${SIZES.label}px ${String(chart.options.font?.family)}`;
      context.textBaseline = "middle";
      context.textAlign = "left";
      const widths = entries.map(({ label }) => 20 + context.measureText(label).width + 22);
      let x = (chart.width - widths.reduce((sum, width) => sum + width, -22)) / 2;
      const y = chart.height - LEGEND_HEIGHT / 2;
      entries.forEach((entry, at) => {
        entry.draw(context, x, y - 5);
        context.fillStyle = INK.text;
        context.fillText(entry.label, x + 20, y);
        x += widths[at];
      });
      context.restore();
    },
  };
}

/** A sentence for the subtitle: which direction is better. */
export function directionOf({ better }: MetricColumn): string {
  return better === null ? "" : `${better} is better`;
}

/** "seed 1" or "3 seeds", and where the split came from. */
export function sourceOf({ seeds, split }: Scoreboard): string {
  return `split: ${split}; ${seeds.length === 1 ? `seed ${seeds[0]}` : `means over ${seeds.length} seeds`}`;
}

/** Options of Chart.js' title and subtitle for a picture of the given width; long text is folded. */
export function titleOptions(text: string, role: "title" | "subtitle", width: number) {
  const size = SIZES[role];
  return {
    display: true,
    text: fold(text, (width * 1.9) / size),
    color: role === "title" ? INK.text : INK.soft,
    font: { size, weight: role === "title" ? 600 : 400 },
    padding: { top: 2, bottom: role === "title" ? 2 : 12 },
  } as const;
}

/** Chart.js draws a list of strings as lines of their own. */
function fold(text: string, letters: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1];
    if (line !== "" && line.length + 1 + word.length > letters) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
