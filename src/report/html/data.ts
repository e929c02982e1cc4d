import type { Cost } from "../../core/cost.js";
import type { SampleBook } from "../../experiment/samples.js";
import type { MetricColumn, MetricValue, ScoreComparison } from "../../experiment/scoreboard.js";
import { isCeiling, ladder } from "../frame.js";
import type { FinishedRun } from "../run.js";
import { type Curve, curvesOf } from "./curves.js";

/** What the page's script knows of a run. */
export interface RunData {
  /** Of the section that shows it. */
  readonly id: string;
  readonly columns: readonly MetricColumn[];
  /** From the floor to the ceiling, as in tables; figures that are no number are left out. */
  readonly rows: readonly {
    readonly name: string;
    readonly kind: "control" | "classic" | "llm" | "ceiling";
    readonly metrics: Readonly<Record<string, MetricValue>>;
    readonly cost: Cost | null;
  }[];
  readonly comparisons: readonly ScoreComparison[];
  readonly curves: readonly Curve[];
  readonly samples: SampleBook | null;
}

export function runData(id: string, { scoreboard, cost }: FinishedRun, samples: SampleBook | null): RunData {
  return {
    id,
    columns: scoreboard.columns,
    rows: ladder(scoreboard.rows).map((row) => ({
      name: row.recommender,
      kind: isCeiling(row) ? "ceiling" : row.kind,
      metrics: Object.fromEntries(
        Object.entries(row.metrics).filter(([, value]) => Number.isFinite(value.mean)),
      ),
      cost: Object.hasOwn(cost, row.recommender) ? cost[row.recommender] : null,
    })),
    comparisons: scoreboard.comparisons?.results ?? [],
    curves: curvesOf(scoreboard.columns.map(({ name }) => name)),
    samples,
  };
}
