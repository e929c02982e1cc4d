import { DataError } from "../../core/errors.js";
import type { CostSheet, MetricColumn, Scoreboard } from "../../experiment/scoreboard.js";
import { slug, splitMetric } from "../view.js";
import { drawBars } from "./bars.js";
import type { Picture } from "./canvas.js";
import { drawControlCurve, drawDiversityPlane } from "./control.js";
import { drawPopularityGroups } from "./popularity-groups.js";
import { drawCostScatter } from "./scatter.js";

/** A picture with the name of its files, less their endings. */
export interface Chart extends Picture {
  readonly name: string;
}

/** Panels that fit side by side on a page. */
const MOST_PANELS = 4;

/**
 * The charts of a result: bars for each main metric (a panel a setting; metrics without settings share a picture, four
 * to each), as `bars-METRIC`; where pairs were made up, what became of them, as `funnel`; and the first main metric against cost,
 * as `cost-METRIC`, where costs are known. Where numbers of genres were asked for, `control-curve` and `diversity-plane` as well;
 * where recommendations are counted by popularity, `popularity-groups`.
 * @throws DataError NOTHING_MEASURED for a scoreboard without rows or without a main metric.
 */
export async function drawCharts(scoreboard: Scoreboard, cost: CostSheet): Promise<Chart[]> {
  const main = scoreboard.columns.filter((column) => column.main);
  if (scoreboard.rows.length === 0 || main.length === 0) {
    throw new DataError("NOTHING_MEASURED", "the result has nothing to draw: no rows or no main metric");
  }
  const charts: Chart[] = [];
  for (const { name, columns } of picturesOf(main)) {
    charts.push({ name, ...(await drawBars(scoreboard, columns)) });
  }
  const funnel = funnelOf(scoreboard);
  if (funnel !== null)
    charts.push({ name: "funnel", ...(await drawBars(funnel.scoreboard, funnel.columns)) });
  const scatter = await drawCostScatter(scoreboard, cost, main[0]);
  if (scatter !== null) charts.push({ name: `cost-${slug(main[0].name)}`, ...scatter });
  if (scoreboard.task === "controlled-list") {
    const [curve, plane] = [await drawControlCurve(scoreboard), await drawDiversityPlane(scoreboard)];
    if (curve !== null) charts.push({ name: "control-curve", ...curve });
    if (plane !== null) charts.push({ name: "diversity-plane", ...plane });
  }
  if (scoreboard.task === "conversation") {
    const groups = await drawPopularityGroups(scoreboard);
    if (groups !== null) charts.push({ name: "popularity-groups", ...groups });
  }
  return charts;
}

/** What a funnel shows, a panel each: pairs shown and kept, and how many of either came true. */
const FUNNEL = ["simulated-pairs/filter", "simulated-pairs/pairs", "real-pair/filter", "real-pair/pairs"];

/** The rows that made pairs up, with what became of those; null where there are none. */
export function funnelOf(
  scoreboard: Scoreboard,
): { readonly scoreboard: Scoreboard; readonly columns: readonly MetricColumn[] } | null {
  const rows = scoreboard.rows.filter(({ metrics }) => Object.hasOwn(metrics, "simulated-pairs/pairs"));
  if (rows.length === 0) return null;
  const columns = FUNNEL.flatMap((name) => scoreboard.columns.find((column) => column.name === name) ?? []);
  return { scoreboard: { ...scoreboard, rows }, columns };
}

/** Which columns share a picture, and its name. */
export function picturesOf(main: readonly MetricColumn[]): { name: string; columns: MetricColumn[] }[] {
  const families = new Map<string, MetricColumn[]>();
  for (const column of main) {
    const { metric, setting } = splitMetric(column.name);
    const family = setting === "" ? "metrics" : slug(metric);
    families.set(family, [...(families.get(family) ?? []), column]);
  }
  return [...families].flatMap(([family, columns]) => {
    const parts = Math.ceil(columns.length / MOST_PANELS);
    return Array.from({ length: parts }, (_empty, part) => ({
      name: parts === 1 ? `bars-${family}` : `bars-${family}-${part + 1}`,
      columns: columns.slice(part * MOST_PANELS, (part + 1) * MOST_PANELS),
    }));
  });
}
