import type { Chart } from "chart.js";
import { contextOf } from "./parts.js";
import { INK, KIND_STYLES, type KindStyle, SIZES } from "./style.js";

/** Two colours of Okabe and Ito for the lines of a kind, in turn, then the next dash: neighbours differ at once. */
const COLOURS = new Map<KindStyle, readonly string[]>([
  [KIND_STYLES.control, [KIND_STYLES.control.edge, "#a6a6a6"]],
  [KIND_STYLES.classic, [KIND_STYLES.classic.fill, "#56b4e9"]],
  [KIND_STYLES.llm, ["#d55e00", KIND_STYLES.llm.fill]],
  [KIND_STYLES.ceiling, [KIND_STYLES.ceiling.edge]],
]);
const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [9, 3, 2, 3]];

/** How a recommender's line looks among many. */
export interface Look {
  readonly style: KindStyle;
  readonly colour: string;
  readonly dash: readonly number[];
}

/** A look for each line, by the kinds of their recommenders. */
export function looksOf(styles: readonly KindStyle[]): Look[] {
  const seen = new Map<KindStyle, number>();
  return styles.map((style) => {
    const n = seen.get(style) ?? 0;
    seen.set(style, n + 1);
    const colours = COLOURS.get(style) ?? [style.edge];
    const dash = DASHES[Math.floor(n / colours.length) % DASHES.length];
    return { style, colour: colours[n % colours.length], dash };
  });
}

/** Where a line ends, in pixels from the top, and what it is called. */
export interface LineEnd {
  readonly name: string;
  readonly y: number;
  readonly colour: string;
  readonly strong: boolean;
}

/** Padding on the right of a chart for {@link nameEnds}, in pixels. */
export function roomForNames(lines: readonly { readonly name: string }[]): number {
  return 30 + 6.3 * Math.max(...lines.map(({ name }) => name.length));
}

/** Room for a name, where there is so much. */
const LINE_HEIGHT = 14;

/** Writes each line's name to the right of the chart's area, led to the line's end and spread out so that none covers another. */
export function nameEnds(chart: Chart, lines: readonly LineEnd[]): void {
  const context = contextOf(chart);
  const { top, bottom, right } = chart.chartArea;
  const ends = [...lines].sort((a, b) => a.y - b.y);
  const places = spreadOut(
    ends.map(({ y }) => y),
    top + LINE_HEIGHT / 2,
    bottom,
  );
  context.save();
  context.setLineDash([]);
  context.textBaseline = "middle";
  context.textAlign = "left";
  ends.forEach(({ name, colour, strong, y }, at) => {
    context.strokeStyle = colour;
    context.lineWidth = 0.8;
    context.beginPath();
    context.moveTo(right + 6, y);
    context.lineTo(right + 20, places[at]);
    context.stroke();
    context.font = `${strong ? "600 " : ""}${SIZES.label - 0.5}px ${String(chart.options.font?.family)}`;
    context.fillStyle = INK.text;
    context.fillText(name, right + 24, places[at]);
  });
  context.restore();
}

/**
 * Places near the wanted ones, at least a line's height apart where the room allows it, else evenly.
 * @param wanted - ascending.
 */
export function spreadOut(wanted: readonly number[], from: number, to: number): number[] {
  const gap = Math.min(LINE_HEIGHT, (to - from) / Math.max(1, wanted.length - 1));
  const places = wanted.map((place) => Math.max(place, from));
  for (let n = 1; n < places.length; n++) places[n] = Math.max(places[n], places[n - 1] + gap);
  for (let n = places.length - 1, limit = to; n >= 0; n--, limit = places[n + 1] - gap)
    places[n] = Math.min(places[n], limit);
  return places;
}
