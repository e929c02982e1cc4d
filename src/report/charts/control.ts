import type { ChartConfiguration, Plugin } from "chart.js";
import type { Scoreboard } from "../../experiment/scoreboard.js";
import { parseMetricName } from "../../metrics/registry.js";
import { drawChart, type Picture } from "./canvas.js";
import { boxesOf, drawFront, drawLabels, FRONT_ENTRY, type Spot } from "./front.js";
import { type Look, looksOf, nameEnds, roomForNames } from "./lines.js";
import { paretoFront } from "./pareto.js";
import {
  contextOf,
  kindsOf,
  legend,
  LEGEND_HEIGHT,
  type LegendEntry,
  marker,
  pointsOf,
  sourceOf,
  titleOptions,
} from "./parts.js";
import { FRAME, INK, KIND_STYLES, type KindStyle, SIZES } from "./style.js";

/** A recommender asked for N genres: how many its lists have, and how good they are. */
interface Asked {
  readonly n: number;
  readonly delivered: number;
  readonly quality: number;
}

/** A recommender with its answers to every number of genres, in rising order. */
interface Course {
  readonly name: string;
  readonly style: KindStyle;
  readonly look: Look;
  readonly asked: readonly Asked[];
}

/**
 * Asked against delivered numbers of genres, a line a recommender: on the diagonal lists have what was asked for.
 * @returns null where fewer than two numbers were asked for.
 */
export async function drawControlCurve(scoreboard: Scoreboard): Promise<Picture | null> {
  const { courses, k } = coursesOf(scoreboard);
  if (courses.every(({ asked }) => asked.length < 2)) return null;
  return drawChart(FRAME, () => ({
    ...frameOf(
      scoreboard,
      courses,
      {
        title: `Genres asked for and delivered on ${scoreboard.dataset}`,
        subtitle: `mean number of different genres in lists of ${k}; thin dots: exactly as asked`,
        x: { text: "genres asked for", values: courses.flatMap(({ asked }) => asked.map(({ n }) => n)) },
        y: {
          text: "genres delivered",
          values: courses.flatMap(({ asked }) => asked.flatMap(({ n, delivered }) => [n, delivered])),
        },
      },
      { right: roomForNames(courses), within: 0 },
    ),
    plugins: [
      drawing(courses, ({ n, delivered }) => [n, delivered], { curve: true, front: [] }),
      legend(kindEntries(scoreboard)),
    ],
  }));
}

/**
 * Accuracy against diversity: each recommender at every number of genres that was asked for, and the Pareto front over all those points
 * (controls do not make it).
 * @returns null where no number was asked for.
 */
export async function drawDiversityPlane(scoreboard: Scoreboard): Promise<Picture | null> {
  const { courses, k } = coursesOf(scoreboard);
  const points = courses.flatMap(({ name, style, asked }) => asked.map((one) => ({ ...one, name, style })));
  if (points.length === 0) return null;
  const competing = points
    .filter(({ style }) => style === KIND_STYLES.classic || style === KIND_STYLES.llm)
    .map((point) => ({ ...point, cost: -point.delivered, value: point.quality }));
  const front = paretoFront(competing, "higher");
  return drawChart(FRAME, () => ({
    ...frameOf(
      scoreboard,
      courses,
      {
        title: `Accuracy against diversity on ${scoreboard.dataset}`,
        subtitle: "a point for each number of genres asked for, joined in their order",
        x: { text: `cov@${k} (different genres)`, values: points.map(({ delivered }) => delivered) },
        y: { text: `ndcg@${k} (higher is better)`, values: points.map(({ quality }) => quality) },
      },
      { right: 14, within: 0.18 },
    ),
    plugins: [
      drawing(courses, ({ delivered, quality }) => [delivered, quality], { curve: false, front }),
      legend([...kindEntries(scoreboard), ...(front.length > 0 ? [FRONT_ENTRY] : [])]),
    ],
  }));
}

function coursesOf(scoreboard: Scoreboard): { courses: Course[]; k: number } {
  const numbers = scoreboard.columns.flatMap(({ name }) => {
    const { definition, k, subset } = parseMetricName(name);
    const n = /^n=(\d+)$/.exec(subset ?? "");
    return definition.name === "cov" && k !== null && n !== null ? [{ n: Number(n[1]), k }] : [];
  });
  const ordered = numbers.sort((a, b) => a.n - b.n);
  const courses = new Map<string, { style: KindStyle; asked: Asked[] }>();
  for (const { n, k } of ordered) {
    const column = (metric: string) => ({ name: `${metric}@${k}/n=${n}`, better: null, main: false });
    const quality = new Map(pointsOf(scoreboard, column("ndcg")).map(({ name, mean }) => [name, mean]));
    for (const { name, mean, style } of pointsOf(scoreboard, column("cov"))) {
      const own = courses.get(name) ?? { style, asked: [] };
      own.asked.push({ n, delivered: mean, quality: quality.get(name) ?? NaN });
      courses.set(name, own);
    }
  }
  const looks = looksOf(Array.from(courses.values(), ({ style }) => style));
  return {
    courses: Array.from(courses, ([name, own], n) => ({ name, ...own, look: looks[n] })),
    k: ordered.at(0)?.k ?? 0,
  };
}

interface AxisText {
  readonly text: string;
  readonly values: readonly number[];
}

function frameOf(
  scoreboard: Scoreboard,
  courses: readonly Course[],
  words: { title: string; subtitle: string; x: AxisText; y: AxisText },
  /** Room for names: right of the area, in pixels, or within it behind the largest value, as a share of its width. */
  room: { readonly right: number; readonly within: number },
): ChartConfiguration {
  return {
    type: "scatter",
    data: {
      datasets: [
        {
          data: courses.flatMap(({ asked }) => asked.map(({ n, delivered }) => ({ x: n, y: delivered }))),
          pointRadius: 0,
        },
      ],
    },
    options: {
      font: { size: SIZES.tick },
      layout: { padding: { left: 8, right: room.right, top: 4, bottom: LEGEND_HEIGHT } },
      plugins: {
        legend: { display: false },
        title: titleOptions(words.title, "title", FRAME.width),
        subtitle: titleOptions(`${words.subtitle}; ${sourceOf(scoreboard)}`, "subtitle", FRAME.width),
      },
      scales: { x: axis(words.x, room.within), y: axis(words.y, 0.06) },
    },
  };
}

/** @param after - room behind the largest value, for names. */
function axis({ text, values }: AxisText, after: number) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = high - low || 1;
  return {
    type: "linear",
    min: Math.max(0, low - 0.06 * span),
    max: high + after * span,
    title: { display: true, text, color: INK.text, font: { size: SIZES.label } },
    grid: { color: INK.grid, drawTicks: false },
    border: { color: INK.soft },
    ticks: { color: INK.soft, padding: 6, includeBounds: false, maxTicksLimit: 11 },
  } as const;
}

function drawing(
  courses: readonly Course[],
  placeOf: (asked: Asked) => readonly [x: number, y: number],
  { curve, front }: { curve: boolean; front: readonly (Asked & { readonly name: string })[] },
): Plugin {
  return {
    id: "courses",
    afterDatasetsDraw: (chart) => {
      const context = contextOf(chart);
      const spot = (asked: Asked): Spot => {
        const [x, y] = placeOf(asked);
        return { x: chart.scales.x.getPixelForValue(x), y: chart.scales.y.getPixelForValue(y) };
      };
      const line = (spots: readonly Spot[]) => {
        context.beginPath();
        spots.forEach(({ x, y }, at) => {
          if (at === 0) context.moveTo(x, y);
          else context.lineTo(x, y);
        });
        context.stroke();
      };
      context.save();
      if (curve) {
        const numbers = [...new Set(courses.flatMap(({ asked }) => asked.map(({ n }) => n)))];
        context.strokeStyle = INK.soft;
        context.setLineDash([1.5, 3.5]);
        line(numbers.sort((a, b) => a - b).map((n) => spot({ n, delivered: n, quality: n })));
        context.setLineDash([]);
      }
      const path = maximaPath(front.map(spot), chart.chartArea);
      if (path.length > 0) drawFront(chart, path);
      context.lineWidth = curve ? 1.6 : 1;
      for (const { style, look, asked } of courses) {
        context.strokeStyle = curve ? look.colour : style.edge;
        context.setLineDash(curve ? [...look.dash] : []);
        line(asked.map(spot));
      }
      context.setLineDash([]);
      for (const { style, asked } of courses) {
        for (const one of asked) marker(context, spot(one), style, 4);
      }
      const names = courses.map(({ name, look, asked }) => {
        const end = spot(asked[asked.length - 1]);
        const strong = front.some((point) => point.name === name);
        return { ...end, name, strong, colour: look.colour, whisker: [end.y, end.y] };
      });
      if (curve) nameEnds(chart, names);
      else drawLabels(chart, names, boxesOf(path));
      context.restore();
    },
  };
}

/** The staircase under points of which none is lower and further left than another, from the left edge to the bottom. */
function maximaPath(corners: readonly Spot[], { left, bottom }: { left: number; bottom: number }): Spot[] {
  const sorted = [...corners].sort((a, b) => a.x - b.x || b.y - a.y);
  if (sorted.length === 0) return [];
  const steps = sorted.flatMap((corner, at) => {
    const next = sorted.at(at + 1);
    return next === undefined ? [corner, { x: corner.x, y: bottom }] : [corner, { x: corner.x, y: next.y }];
  });
  return [{ x: left, y: sorted[0].y }, ...steps];
}

function kindEntries(scoreboard: Scoreboard): LegendEntry[] {
  return kindsOf(scoreboard).map((style) => ({
    label: style.label,
    draw: (context, x, y) => {
      marker(context, { x: x + 9, y: y + 5 }, style, 5);
    },
  }));
}
