import type { ChartConfiguration, Plugin } from "chart.js";
import type { Scoreboard } from "../../experiment/scoreboard.js";
import { POPULARITY_GROUPS } from "../../metrics/lists/popularity-groups.js";
import { parseMetricName } from "../../metrics/registry.js";
import { drawChart, type Picture } from "./canvas.js";
import { type Look, looksOf, nameEnds, roomForNames } from "./lines.js";
import {
  kindsOf,
  legend,
  LEGEND_HEIGHT,
  type LegendEntry,
  marker,
  pointsOf,
  sourceOf,
  titleOptions,
} from "./parts.js";
import { FRAME, INK, type KindStyle, SIZES } from "./style.js";

const TARGETS = { name: "true targets", width: 4.5 };

/** Shares by group, in the groups' order. */
interface Line {
  readonly name: string;
  readonly shares: readonly number[];
  /** Left out for the targets. */
  readonly look?: Look;
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
  const looks = looksOf(Array.from(shares.values(), ({ style }) => style));
  const lines = Array.from(shares, ([name, { of }], n): Line => ({ name, shares: of, look: looks[n] }));
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
      layout: { padding: { left: 8, right: roomForNames(lines), top: 4, bottom: LEGEND_HEIGHT } },
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

/** Writes each line's name to the right of its end. */
function names(lines: readonly Line[]): Plugin {
  return {
    id: "names",
    afterDatasetsDraw: (chart) => {
      nameEnds(
        chart,
        lines.map(({ name, shares, look }) => ({
          name,
          y: chart.scales.y.getPixelForValue(shares[shares.length - 1]),
          colour: look?.colour ?? INK.text,
          strong: look === undefined,
        })),
      );
    },
  };
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
