import type { Chart, ChartConfiguration, Plugin } from "chart.js";
import type { Scoreboard } from "../../experiment/scoreboard.js";
import { POPULARITY_GROUPS } from "../../metrics/lists/popularity-groups.js";
import { parseMetricName } from "../../metrics/registry.js";
import { drawChart, type Picture } from "./canvas.js";
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

/** Two colours of Okabe and Ito for the lines of a kind, in turn, then the next dash: neighbours differ at once. */
const COLOURS = new Map<KindStyle, readonly string[]>([
  [KIND_STYLES.control, [KIND_STYLES.control.edge, "#a6a6a6"]],
  [KIND_STYLES.classic, [KIND_STYLES.classic.fill, "#56b4e9"]],
  [KIND_STYLES.llm, ["#d55e00", KIND_STYLES.llm.fill]],
  [KIND_STYLES.ceiling, [KIND_STYLES.ceiling.edge]],
]);
const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [9, 3, 2, 3]];

const TARGETS = { name: "true targets", width: 4.5 };

/** Shares by group, in the groups' order. */
interface Line {
  readonly name: string;
  readonly shares: readonly number[];
  /** Left out for the targets. */
  readonly look?: { readonly style: KindStyle; readonly colour: string; readonly dash: readonly number[] };
}

/**
 * Which share of all recommendations falls on items of each popularity group, a line a recommender, and which share of the true targets
 * does, as a thick line: a recommender whose line is the thick one recommends as popular items as were wanted.
 * @returns null where the result has no such shares.
 */
export async function drawPopularityGroups(scoreboard: Scoreboard): Promise<Picture | null> {
  const { lines, groups, k } = linesOf(scoreboard);
  if (lines.length === 0) return null;
  return drawChart(FRAME, () => configurationOf(scoreboard, lines, groups, k));
}

function linesOf(scoreboard: Scoreboard): { lines: Line[]; groups: readonly string[]; k: number } {
  const columns = scoreboard.columns.flatMap((column) => {
    const { definition, k, subset } = parseMetricName(column.name);
    return definition.name === "popularity-share" ? [{ column, k: k ?? 0, group: subset ?? "" }] : [];
  });
  const ordered = columns.sort(
    (a, b) => POPULARITY_GROUPS.indexOf(a.group) - POPULARITY_GROUPS.indexOf(b.group),
  );
  const groups = ordered.map(({ group }) => group);
  const k = ordered.at(0)?.k ?? 0;
  const shares = new Map<string, { style: KindStyle; of: number[] }>();
  for (const { column } of ordered) {
    for (const { name, mean, style } of pointsOf(scoreboard, column)) {
      const own = shares.get(name) ?? { style, of: [] };
      own.of.push(mean);
      shares.set(name, own);
    }
  }
  const seen = new Map<KindStyle, number>();
  const lines = [...shares].map(([name, { style, of }]): Line => {
    const n = seen.get(style) ?? 0;
    seen.set(style, n + 1);
    const colours = COLOURS.get(style) ?? [style.edge];
    const dash = DASHES[Math.floor(n / colours.length) % DASHES.length];
    return { name, shares: of, look: { style, colour: colours[n % colours.length], dash } };
  });
  const targets = targetShares(scoreboard, groups, k);
  return { lines: targets === null ? lines : [{ name: TARGETS.name, shares: targets }, ...lines], groups, k };
}

/** The targets of each group by the cases that its recall is over, which are the same for every row. */
function targetShares({ rows }: Scoreboard, groups: readonly string[], k: number): number[] | null {
  for (const { metrics } of rows) {
    const counts = groups.map((group) => {
      const name = `recall@${k}/${group}`;
      return Object.hasOwn(metrics, name) ? metrics[name].n : 0;
    });
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total > 0) return counts.map((count) => count / total);
  }
  return null;
}

function configurationOf(
  scoreboard: Scoreboard,
  lines: readonly Line[],
  groups: readonly string[],
  k: number,
): ChartConfiguration {
  const longest = Math.max(...lines.map(({ name }) => name.length));
  return {
    type: "line",
    data: {
      labels: groups.map((group) => (group === POPULARITY_GROUPS[0] ? "never" : group.replace(/\D/g, ""))),
      datasets: lines.map(({ shares, look }, at) => ({
        data: [...shares],
        clip: false as const,
        borderColor: look?.colour ?? INK.text,
        borderWidth: look === undefined ? TARGETS.width : 1.6,
        borderDash: [...(look?.dash ?? [])],
        pointStyle: look?.style.point ?? "circle",
        pointRadius: look === undefined ? 0 : 3.5,
        pointBackgroundColor: look?.style.fill,
        pointBorderColor: look?.colour,
        // A higher number is drawn earlier: the targets lie under the others.
        order: lines.length - at,
      })),
    },
    options: {
      font: { size: SIZES.tick },
      layout: { padding: { left: 8, right: 30 + 6.3 * longest, top: 4, bottom: LEGEND_HEIGHT } },
      plugins: {
        legend: { display: false },
        title: titleOptions(
          `How popular are recommendations and true targets on ${scoreboard.dataset}?`,
          "title",
          FRAME.width,
        ),
        subtitle: titleOptions(
          `shares of the first ${k} places of all lists, and of the targets not named before; a tenth holds a tenth of the ` +
            `training recommendations, 1 the rarest items; ${sourceOf(scoreboard)}`,
          "subtitle",
          FRAME.width,
        ),
      },
      scales: {
        x: {
          title: axisTitle("how often training recommends the item: never, or which tenth"),
          grid: { color: INK.grid, drawTicks: false },
          border: { color: INK.soft },
          ticks: { color: INK.soft, padding: 6 },
        },
        y: {
          beginAtZero: true,
          title: axisTitle("share"),
          grid: { color: INK.grid, drawTicks: false },
          border: { color: INK.soft },
          ticks: {
            color: INK.soft,
            padding: 6,
            callback: (value) => `${Math.round(Number(value) * 1000) / 10} %`,
          },
        },
      },
    },
    plugins: [names(lines), legend(entriesOf(scoreboard, lines))],
  };
}

function axisTitle(text: string) {
  return { display: true, text, color: INK.text, font: { size: SIZES.label } };
}

/** Room for a name, where there is so much. */
const LINE_HEIGHT = 14;

/** Writes each line's name to the right of its end, spread out so that none covers another. */
function names(lines: readonly Line[]): Plugin {
  return {
    id: "names",
    afterDatasetsDraw: (chart: Chart) => {
      const context = contextOf(chart);
      const { top, bottom, right } = chart.chartArea;
      const ends = lines
        .map(({ name, shares, look }) => ({
          ...{ name, look },
          y: chart.scales.y.getPixelForValue(shares[shares.length - 1]),
        }))
        .sort((a, b) => a.y - b.y);
      const places = spreadOut(
        ends.map(({ y }) => y),
        top + LINE_HEIGHT / 2,
        bottom,
      );
      context.save();
      context.textBaseline = "middle";
      context.textAlign = "left";
      ends.forEach(({ name, look, y }, at) => {
        context.strokeStyle = look?.colour ?? INK.text;
        context.lineWidth = 0.8;
        context.beginPath();
        context.moveTo(right + 6, y);
        context.lineTo(right + 20, places[at]);
        context.stroke();
        context.font = `${look === undefined ? "600 " : ""}${SIZES.label - 0.5}px ${String(chart.options.font?.family)}`;
        context.fillStyle = INK.text;
        context.fillText(name, right + 24, places[at]);
      });
      context.restore();
    },
  };
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

function entriesOf(scoreboard: Scoreboard, lines: readonly Line[]): LegendEntry[] {
  const kinds = kindsOf(scoreboard).map((style): LegendEntry => ({
    label: style.label,
    draw: (context, x, y) => {
      marker(context, { x: x + 9, y: y + 5 }, style, 5);
    },
  }));
  if (lines[0].look !== undefined) return kinds;
  const targets: LegendEntry = {
    label: TARGETS.name,
    draw: (context, x, y) => {
      context.save();
      context.strokeStyle = INK.text;
      context.lineWidth = TARGETS.width;
      context.beginPath();
      context.moveTo(x, y + 5);
      context.lineTo(x + 16, y + 5);
      context.stroke();
      context.restore();
    },
  };
  return [targets, ...kinds];
}
