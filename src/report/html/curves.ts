import { splitMetric } from "../view.js";

/** A metric over a number or over the stages of a method: a line a recommender. */
export interface Curve {
  readonly title: string;
  readonly xLabel: string;
  /** In order of x; each names the metric that is measured there. */
  readonly points: readonly { readonly x: number | string; readonly metric: string }[];
}

/** Metrics whose setting is a stage of a pipeline, in the order of the stages. */
const STAGED = /^(real-pair|real-pair-held-out|simulated-pairs|users-reached|items-reached|pairs-per-item)$/;

/**
 * The curves that a result holds: a metric at several cut-offs (`recall@5`, `recall@10`), under several wishes (`ndcg@10/n=2`,
 * `ndcg@10/n=5`), and the funnel of a method's stages (`simulated-pairs/filter`, `simulated-pairs/pairs`).
 * @param names - of all metrics of a scoreboard, in its order.
 */
export function curvesOf(names: readonly string[]): Curve[] {
  const families = new Map<
    string,
    { title: string; xLabel: string; points: { x: number | string; metric: string }[] }
  >();
  const add = (title: string, xLabel: string, x: number | string, metric: string): void => {
    const curve = families.get(title) ?? { title, xLabel, points: [] };
    curve.points.push({ x, metric });
    families.set(title, curve);
  };
  for (const name of names) {
    const { metric, setting } = splitMetric(name);
    const end = setting === "" ? "" : `/${setting}`;
    const cut = /^(.+)@(\d+)$/.exec(metric);
    if (cut !== null) add(`${cut[1]}@k${end}`, "k: length of the list", Number(cut[2]), name);
    const wish = /^n=(\d+)$/.exec(setting);
    if (wish !== null) add(`${metric}/n`, "n: genres asked for", Number(wish[1]), name);
    if (STAGED.test(metric)) add(`${metric} by stage`, "stage", setting, name);
  }
  return [...families.values()].flatMap((curve) => {
    if (curve.points.length < 2) return [];
    const points = curve.points.every(({ x }) => typeof x === "number")
      ? curve.points.toSorted((a, b) => Number(a.x) - Number(b.x))
      : curve.points;
    return [{ ...curve, points }];
  });
}
