import type { Chart, ChartConfiguration, Plugin } from "chart.js";
import type { MetricColumn, Scoreboard } from "../../experiment/scoreboard.js";
import { ladder } from "../frame.js";
import { decimalsFor, fixed } from "../numbers.js";
import { splitMetric, taskTitle } from "../view.js";
import { drawChart, type Picture } from "./canvas.js";
import {
  contextOf,
  directionOf,
  hatch,
  kindsOf,
  legend,
  LEGEND_HEIGHT,
  type Point,
  pointsOf,
  sourceOf,
  titleOptions,
  whisker,
} from "./parts.js";
import { INK, type KindStyle, SIZES, styleOf } from "./style.js";

const WIDTH = 760;

/**
 * Bars of several metrics or settings side by side: one panel a column (each with its own scale from zero), one line a
 * recommender in the table's order, whiskers for the 95 % intervals, the mean in figures. At most four panels are readable.
 */
export async function drawBars(scoreboard: Scoreboard, columns: readonly MetricColumn[]): Promise<Picture> {
  const names = ladder(scoreboard.rows).map(({ recommender }) => recommender);
  const pitch = names.length <= 12 ? 30 : 24;
  const frame = { width: WIDTH, height: names.length * pitch + 128 + LEGEND_HEIGHT };
  return drawChart(frame, () => configuration(scoreboard, columns, names));
}

function configuration(
  scoreboard: Scoreboard,
  columns: readonly MetricColumn[],
  names: readonly string[],
): ChartConfiguration<"bar"> & ChartConfiguration {
  const panels = columns.map((column) => pointsOf(scoreboard, column));
  const styles = ladder(scoreboard.rows).map(styleOf);
  const scales: Record<string, object> = { y: nameAxis() };
  columns.forEach((column, at) => {
    if (at > 0) scales[`gap${at}`] = gapAxis();
    scales[`x${at}`] = valueAxis(column, panels[at], columns.length);
  });
  const [title, subtitle] = heading(scoreboard, columns);
  return {
    type: "bar",
    data: {
      labels: [...names],
      datasets: panels.map((points, at) => ({
        data: names.map((name) => points.find((point) => point.name === name)?.mean ?? null),
        xAxisID: `x${at}`,
        grouped: false,
        barPercentage: 0.94,
        categoryPercentage: 0.76,
        backgroundColor: styles.map(({ fill }) => fill),
        borderColor: styles.map(({ edge }) => edge),
        borderWidth: 1,
        borderSkipped: false,
      })),
    },
    options: {
      indexAxis: "y",
      font: { size: SIZES.tick },
      layout: { padding: { left: 8, right: 12, top: 4, bottom: LEGEND_HEIGHT } },
      plugins: {
        legend: { display: false },
        title: titleOptions(title, "title", WIDTH),
        subtitle: titleOptions(subtitle, "subtitle", WIDTH),
      },
      scales,
    },
    plugins: [intervals(names, panels), legend(kindsOf(scoreboard).map(swatch))],
  };
}

/** Title and subtitle: what all panels share is said once. */
function heading(scoreboard: Scoreboard, columns: readonly MetricColumn[]): [string, string] {
  const metrics = [...new Set(columns.map(({ name }) => splitMetric(name).metric))];
  const directions = [...new Set(columns.map(directionOf))];
  const what = metrics.length === 1 ? `: ${metrics[0]}` : "";
  const direction = directions.length === 1 && directions[0] !== "" ? `${directions[0]}; ` : "";
  return [
    `${taskTitle(scoreboard.task)} on ${scoreboard.dataset}${what}`,
    `${direction}whiskers: 95 % interval over cases; ${sourceOf(scoreboard)}`,
  ];
}

function nameAxis() {
  return {
    type: "category",
    grid: { display: false },
    border: { display: false },
    ticks: { autoSkip: false, color: INK.text, font: { size: SIZES.label }, padding: 4 },
  };
}

function valueAxis(column: MetricColumn, points: readonly Point[], panels: number) {
  const ends = points.flatMap(({ mean, ci95 }) => [mean, ...(ci95 ?? [])]);
  // An interval that dips below zero under means that do not is cut there: the bars then begin at the panel's edge.
  const below = points.some(({ mean }) => mean < 0);
  const [low, high] = [below ? Math.min(0, ...ends) : 0, Math.max(0, ...ends)];
  // Room for the figure beyond the longest whisker.
  const room = (high - low) * (0.12 + 0.07 * panels);
  const max = high === low ? 1 : high + room;
  const direction = column.better === "lower" ? " (lower is better)" : "";
  return {
    type: "linear",
    position: "bottom",
    stack: "panels",
    stackWeight: 20,
    beginAtZero: true,
    min: low < 0 ? low - room : 0,
    max,
    // A figure at the very end would touch the next panel's zero.
    afterBuildTicks: (axis: { ticks: { value: number }[] }) => {
      axis.ticks = axis.ticks.filter(({ value }) => value <= max - 0.3 * room);
    },
    title: { display: true, text: column.name + direction, color: INK.text, font: { size: SIZES.label } },
    grid: { color: INK.grid, drawTicks: false },
    border: { color: INK.soft },
    ticks: {
      includeBounds: false,
      stepSize: niceStep(high === low ? 1 : high - low, 12 / panels),
      maxRotation: 0,
      color: INK.soft,
      padding: 5,
    },
  };
}

/** The smallest of 1, 2, 2.5, 5 times a power of ten that cuts the range into at most so many steps (three at least). */
function niceStep(range: number, most: number): number {
  const raw = range / Math.max(3, most);
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 2.5, 5].find((factor) => factor * power >= raw) ?? 10);
}

/** An empty axis between two panels, so that their figures do not touch. */
function gapAxis() {
  return {
    type: "linear",
    position: "bottom",
    stack: "panels",
    stackWeight: 2,
    grid: { display: false },
    border: { display: false },
    ticks: { display: false },
  };
}

/** A hyphen where a recommender has no value: not to be read as zero. */
function absent(chart: Chart, names: readonly string[], points: readonly Point[], at: number): void {
  const context = contextOf(chart);
  context.font = `${SIZES.value}px ${String(chart.options.font?.family)}`;
  context.fillStyle = INK.soft;
  context.textBaseline = "middle";
  context.textAlign = "left";
  for (const name of names) {
    if (points.some((point) => point.name === name)) continue;
    const x = chart.scales[`x${at}`].getPixelForValue(0);
    context.fillText("- (no value)", x + 5, chart.scales.y.getPixelForValue(names.indexOf(name)));
  }
}

/** Hatching, whiskers and the means in figures, over the bars. */
function intervals(names: readonly string[], panels: readonly (readonly Point[])[]): Plugin {
  return {
    id: "intervals",
    afterDatasetsDraw: (chart) => {
      const context = contextOf(chart);
      context.save();
      panels.forEach((points, at) => {
        absent(chart, names, points, at);
        const scale = chart.scales[`x${at}`];
        const decimals = decimalsFor(points.map(({ mean }) => mean));
        for (const point of points) {
          const y = chart.scales.y.getPixelForValue(names.indexOf(point.name));
          const x = scale.getPixelForValue(point.mean);
          const zero = scale.getPixelForValue(0);
          const { height } = chart.getDatasetMeta(at).data[names.indexOf(point.name)] as unknown as {
            height: number;
          };
          if (point.style.hatched) {
            const inner = { x: Math.min(zero, x) + 1.5, width: Math.max(0, Math.abs(x - zero) - 2.5) };
            hatch(context, { ...inner, y: y - height / 2 + 1, height: height - 2 }, point.style.edge);
          }
          const [low, high] = (point.ci95 ?? [point.mean, point.mean]).map((v) => scale.getPixelForValue(v));
          if (point.ci95 !== null) {
            context.strokeStyle = INK.whisker;
            context.lineWidth = 1.1;
            whisker(context, { x: Math.max(low, scale.left), y }, { x: high, y });
          }
          context.font = `${SIZES.value}px ${String(chart.options.font?.family)}`;
          context.fillStyle = INK.text;
          context.textBaseline = "middle";
          context.textAlign = "left";
          context.fillText(fixed(point.mean, Math.min(decimals, 3)), Math.max(high, x, zero) + 5, y);
        }
      });
      context.restore();
    },
  };
}

function swatch(style: KindStyle) {
  return {
    label: style.label,
    draw: (context: Parameters<typeof hatch>[0], x: number, y: number): void => {
      context.fillStyle = style.fill;
      context.fillRect(x, y, 14, 10);
      if (style.hatched) hatch(context, { x, y, width: 14, height: 10 }, style.edge);
      context.strokeStyle = style.edge;
      context.lineWidth = 1;
      context.strokeRect(x, y, 14, 10);
    },
  };
}
